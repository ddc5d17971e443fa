/** `POST /auth/login/code/start` and `POST /auth/login/code`. */
import { invalidField } from '@countersign/verifier/errors';
import { emailIn } from '../../accounts/email.ts';
import { phoneIn } from '../../accounts/phone/phoneNumber.ts';
import { inCookieMode } from '../../sessions/csrf.ts';
import { readRefreshCookie } from '../../sessions/refreshCookie.ts';
import { audience, deviceId, tokenResponse } from '../../sessions/schemas.ts';
import { inBody, inCookie } from '../../sessions/tokenReply.ts';
import type { MountRoutes } from '../../transport/http/app.ts';
import { operation } from '../../transport/http/route.ts';
import { email, phone, seconds, strict, text } from '../../transport/http/schemas.ts';
import { Type } from '../../transport/http/typebox.ts';
import { deviceName, loginQuery } from '../schemas.ts';
import type { CodeLogin } from './codeLogin.ts';
import type { CodeAddress, StartCodeLogin } from './startCodeLogin.ts';

const startBody = Type.Object({ email: Type.Optional(email), phone: Type.Optional(phone) }, strict);
const started = Type.Object(
  { login_token: Type.String(), expires_in: seconds('until the code expires.') },
  { description: 'The answer does not reveal whether the e-mail or phone is registered.' },
);

const loginBody = Type.Object(
  {
    login_token: text('The login_token of the start.'),
    code: text('The code of the mail or message.'),
    device_name: Type.Optional(deviceName),
    device_id: Type.Optional(deviceId),
    audience: Type.Optional(audience),
  },
  strict,
);

export function codeLoginRoutes(startCodeLogin: StartCodeLogin, codeLogin: CodeLogin): MountRoutes {
  return (app, { rateLimits, provedKey }) => {
    const startSchema = {
      body: startBody,
      ...operation({
        summary: 'Send a code that logs in, if a user proved this e-mail or phone',
        refusals: [400, 403, 429, 503],
        response: { 202: started },
      }),
    };
    const startOptions = {
      schema: startSchema,
      ...rateLimits.hooks('code_login', (request) => emailIn(request) ?? phoneIn(request)),
    };
    app.post('/auth/login/code/start', startOptions, async (request, reply) => {
      const { loginToken, expiresInSeconds } = await startCodeLogin(addressIn(request.body), request.actor);
      return reply.code(202).send({ login_token: loginToken, expires_in: expiresInSeconds });
    });

    const loginSchema = {
      querystring: loginQuery,
      body: loginBody,
      ...operation({
        summary: 'Log in with a code that was sent',
        refusals: [400, 401, 403, 429, 503],
        response: { 200: tokenResponse },
      }),
    };
    const loginOptions = {
      schema: loginSchema,
      config: { cookieMode: 'asked' },
      ...rateLimits.placeHook('code_login'),
    } as const;
    app.post('/auth/login/code', loginOptions, async (request, reply) => {
      const {
        login_token: loginToken,
        code,
        device_name: named,
        device_id: deviceId,
        audience,
      } = request.body;
      const cookieMode = inCookieMode(request);
      const replaces = cookieMode ? readRefreshCookie(request.headers) : undefined;
      const jkt = await provedKey(request);
      const input = { loginToken, code, deviceName: named, deviceId, audience, replaces, jkt };
      const tokens = await codeLogin(input, request.actor);
      return cookieMode ? inCookie(reply, tokens) : inBody(tokens);
    });
  };
}

function addressIn({ email, phone }: { readonly email?: string; readonly phone?: string }): CodeAddress {
  if (email !== undefined && phone === undefined) return { channel: 'mail', text: email };
  if (phone !== undefined && email === undefined) return { channel: 'sms', text: phone };
  throw invalidField('body', 'one_of', 'must have either email or phone');
}
