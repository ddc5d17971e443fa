/** `POST /auth/login`. */
import { Type } from 'typebox';
import { emailIn } from '../accounts/email.ts';
import { csrfHeader, inCookieMode } from '../sessions/csrf.ts';
import { readRefreshCookie, refreshCookieName } from '../sessions/refreshCookie.ts';
import { audience, deviceId, tokenResponse } from '../sessions/schemas.ts';
import { inBody, inCookie } from '../sessions/tokenReply.ts';
import type { MountRoutes } from '../transport/http/app.ts';
import { operation } from '../transport/http/route.ts';
import { email, strict, text } from '../transport/http/schemas.ts';
import { loginLimits } from './limits.ts';
import type { Login } from './login.ts';

const loginBody = Type.Object(
  {
    email,
    password: text('The password.'),
    device_name: Type.Optional(
      Type.String({
        minLength: 1,
        maxLength: loginLimits.deviceNameCharacters,
        // Shown in lists: no control characters, lone surrogates or bidirectional controls, and no byte order mark, which some
        // decoders drop.
        pattern: '^[^\\p{Cc}\\p{Cs}\\u2028\\u2029\\u202a-\\u202e\\u2066-\\u2069\\ufeff]+$',
        description: 'Shown in the list of sessions, such as "Work laptop".',
      }),
    ),
    device_id: Type.Optional(deviceId),
    audience: Type.Optional(audience),
  },
  strict,
);

/** `?cookie`: a parameter without a value. */
const loginQuery = Type.Object(
  {
    cookie: Type.Optional(
      Type.Literal('', {
        description: `For browsers: the refresh token comes in the cookie ${refreshCookieName} only. Needs the header ${csrfHeader}.`,
      }),
    ),
  },
  strict,
);

export function loginRoute(login: Login): MountRoutes {
  const schema = {
    querystring: loginQuery,
    body: loginBody,
    ...operation({
      summary: 'Log in',
      refusals: [400, 401, 403, 429, 503],
      response: { 200: tokenResponse },
    }),
  };
  return (app, { rateLimits }) => {
    const options = {
      schema,
      config: { cookieMode: 'asked' },
      ...rateLimits.hooks('login', emailIn),
    } as const;
    app.post('/auth/login', options, async (request, reply) => {
      const { email, password, device_name: deviceName, device_id: deviceId, audience } = request.body;
      // Without ?cookie the browser's cookie and its session stay unchanged.
      const cookieMode = inCookieMode(request);
      const replaces = cookieMode ? readRefreshCookie(request.headers) : undefined;
      const input = { email, password, deviceName, deviceId, audience, replaces };
      const tokens = await login(input, request.actor);
      return cookieMode ? inCookie(reply, tokens) : inBody(tokens);
    });
  };
}
