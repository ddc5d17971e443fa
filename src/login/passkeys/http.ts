/** Passkeys over HTTP: login with one, adding and renaming. Listing and removing are with the other factors. */
import { type FactorId, uuidPattern } from '@countersign/verifier/ids';
import { inCookieMode } from '../../sessions/csrf.ts';
import { readRefreshCookie } from '../../sessions/refreshCookie.ts';
import { audience, deviceId, tokenResponse } from '../../sessions/schemas.ts';
import { inBody, inCookie } from '../../sessions/tokenReply.ts';
import type { MountRoutes } from '../../transport/http/app.ts';
import { noContent, operation, optionalBody } from '../../transport/http/route.ts';
import { emptyBody, seconds, strict, text } from '../../transport/http/schemas.ts';
import { Type } from '../../transport/http/typebox.ts';
import { admission, codesShown } from '../factors/http.ts';
import type { RequireRecentProof } from '../factors/recentProof.ts';
import { deviceName, loginQuery } from '../schemas.ts';
import type { AddPasskey, StartPasskey } from './addPasskey.ts';
import type { PasskeyLogin, StartPasskeyLogin } from './passkeyLogin.ts';
import type { RenamePasskey } from './renamePasskey.ts';
import { addBody, assertion, renameBody, webauthnOptions } from './schemas.ts';

export interface PasskeyOperations {
  readonly startPasskeyLogin: StartPasskeyLogin;
  readonly passkeyLogin: PasskeyLogin;
  readonly startPasskey: StartPasskey;
  readonly addPasskey: AddPasskey;
  readonly renamePasskey: RenamePasskey;
  readonly requireRecentProof: RequireRecentProof;
}

const loginBody = Type.Object(
  {
    login_token: text('The login_token of POST /auth/login/passkey/options.'),
    credential: assertion,
    device_name: Type.Optional(deviceName),
    device_id: Type.Optional(deviceId),
    audience: Type.Optional(audience),
  },
  strict,
);

const loginOptions = Type.Object({
  login_token: Type.String({ description: 'For POST /auth/login/passkey. It works once.' }),
  options: webauthnOptions('For navigator.credentials.get().'),
  expires_in: seconds('until the login token expires.'),
});

const passkeyParams = Type.Object({ id: Type.String({ pattern: uuidPattern }) }, strict);
const added = Type.Object({
  id: Type.String({ description: 'The passkey, among the factors.' }),
  recovery_codes: codesShown,
});

export function passkeyRoutes(operations: PasskeyOperations): readonly MountRoutes[] {
  return [
    startLoginRoute(operations),
    loginRoute(operations),
    addRoutes(operations),
    renameRoute(operations),
  ];
}

function startLoginRoute({ startPasskeyLogin }: PasskeyOperations): MountRoutes {
  const schema = {
    body: emptyBody,
    ...operation({
      summary: 'Start a login with a passkey',
      refusals: [400, 429, 501, 503],
      response: { 200: loginOptions },
    }),
  };
  return (app, { rateLimits }) => {
    const options = { preValidation: optionalBody, schema, ...rateLimits.placeHook('passkey_options') };
    app.post('/auth/login/passkey/options', options, async (request) => {
      const { loginToken, options, expiresIn } = await startPasskeyLogin(request.actor);
      return { login_token: loginToken, options: { ...options }, expires_in: expiresIn };
    });
  };
}

/** No budget for all callers together: each call needs a login token, and the route that hands them out has one. */
function loginRoute({ passkeyLogin }: PasskeyOperations): MountRoutes {
  const schema = {
    querystring: loginQuery,
    body: loginBody,
    ...operation({
      summary: 'Log in with a passkey',
      refusals: [400, 401, 403, 429, 501, 503],
      response: { 200: tokenResponse },
    }),
  };
  return (app, { rateLimits, provedKey }) => {
    const options = { schema, config: { cookieMode: 'asked' }, ...rateLimits.placeHook('login') } as const;
    app.post('/auth/login/passkey', options, async (request, reply) => {
      const { login_token: loginToken, credential, audience } = request.body;
      const { device_name: named, device_id: deviceId } = request.body;
      const cookieMode = inCookieMode(request);
      const replaces = cookieMode ? readRefreshCookie(request.headers) : undefined;
      const jkt = await provedKey(request);
      const input = { loginToken, credential, deviceName: named, deviceId, audience, replaces, jkt };
      const tokens = await passkeyLogin(input, request.actor);
      return cookieMode ? inCookie(reply, tokens) : inBody(tokens);
    });
  };
}

function addRoutes(operations: PasskeyOperations): MountRoutes {
  return (app, parts) => {
    const admitToOptions = admission(operations, parts, 'passkey_options');
    const optionsSchema = {
      body: emptyBody,
      ...operation({
        summary: 'Start adding a passkey',
        bearer: true,
        refusals: [400, 403, 429, 501],
        response: { 200: webauthnOptions('For navigator.credentials.create().') },
      }),
    };
    const optionsPlaces = parts.rateLimits.placeHook('passkey_options');
    const options = { preValidation: optionalBody, schema: optionsSchema, ...optionsPlaces };
    app.post('/auth/factors/passkeys/options', options, async (request) => {
      const caller = await admitToOptions(request);
      return { ...(await operations.startPasskey(caller)) };
    });

    const admit = admission(operations, parts);
    const places = parts.rateLimits.placeHook('factors');
    const addSchema = {
      body: addBody,
      ...operation({
        summary: 'Add a passkey',
        bearer: true,
        refusals: [400, 403, 429, 501],
        response: { 201: added },
      }),
    };
    app.post('/auth/factors/passkeys', { schema: addSchema, ...places }, async (request, reply) => {
      const caller = await admit(request);
      const { id, recoveryCodes } = await operations.addPasskey(request.body, caller, request.actor);
      return reply.code(201).send({ id, recovery_codes: [...recoveryCodes] });
    });
  };
}

/** Needs a recent proof, too: a thief could swap names, and the owner would remove the wrong passkey. */
function renameRoute(operations: PasskeyOperations): MountRoutes {
  return (app, parts) => {
    const admit = admission(operations, parts);
    const schema = {
      params: passkeyParams,
      body: renameBody,
      ...operation({
        summary: 'Rename a passkey',
        bearer: true,
        refusals: [400, 404, 429],
        response: noContent,
      }),
    };
    const options = { schema, ...parts.rateLimits.placeHook('factors') };
    app.patch('/auth/factors/passkeys/:id', options, async (request, reply) => {
      const caller = await admit(request);
      await operations.renamePasskey(request.params.id as FactorId, request.body.name, caller, request.actor);
      return reply.code(204).send(null);
    });
  };
}
