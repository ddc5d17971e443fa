/** `POST /auth/login`. */

import { emailIn } from '../accounts/email.ts';
import { inCookieMode } from '../sessions/csrf.ts';
import { readRefreshCookie } from '../sessions/refreshCookie.ts';
import { audience, deviceId, tokenResponse } from '../sessions/schemas.ts';
import { inBody, inCookie } from '../sessions/tokenReply.ts';
import type { MountRoutes } from '../transport/http/app.ts';
import { operation } from '../transport/http/route.ts';
import { email, strict, text } from '../transport/http/schemas.ts';
import { Type } from '../transport/http/typebox.ts';
import type { Login } from './login.ts';
import { deviceName, loginQuery, secondFactorRequired } from './schemas.ts';

const loginBody = Type.Object(
  {
    email,
    password: text('The password.'),
    device_name: Type.Optional(deviceName),
    device_id: Type.Optional(deviceId),
    audience: Type.Optional(audience),
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
      response: { 200: tokenResponse, 403: secondFactorRequired },
    }),
  };
  return (app, { rateLimits, provedKey }) => {
    const options = {
      schema,
      config: { cookieMode: 'asked' },
      ...rateLimits.hooks('login', emailIn),
    } as const;
    app.post('/auth/login', options, async (request, reply) => {
      const { email, password, device_name: named, device_id: deviceId, audience } = request.body;
      // Without ?cookie the browser's cookie and its session stay unchanged.
      const cookieMode = inCookieMode(request);
      const replaces = cookieMode ? readRefreshCookie(request.headers) : undefined;
      const jkt = await provedKey(request);
      const input = { email, password, deviceName: named, deviceId, audience, replaces, jkt };
      const tokens = await login(input, request.actor);
      return cookieMode ? inCookie(reply, tokens) : inBody(tokens);
    });
  };
}
