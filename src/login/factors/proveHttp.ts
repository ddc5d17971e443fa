/** The second step of a login, and step-up, over HTTP. */
import { invalidField } from '@countersign/verifier/errors';
import { inCookieMode } from '../../sessions/csrf.ts';
import { readRefreshCookie } from '../../sessions/refreshCookie.ts';
import { audience, tokenResponse } from '../../sessions/schemas.ts';
import { inBody, inCookie, withoutRefreshToken } from '../../sessions/tokenReply.ts';
import type { MountRoutes } from '../../transport/http/app.ts';
import { operation } from '../../transport/http/route.ts';
import { strict, text } from '../../transport/http/schemas.ts';
import { Type } from '../../transport/http/typebox.ts';
import { assertion } from '../passkeys/schemas.ts';
import { deviceName, loginQuery } from '../schemas.ts';
import type { EnrolAtLogin } from './enrolAtLogin.ts';
import { type FactorProof, factorNames, sentCodeMember } from './factors.ts';
import type { FinishLogin } from './finishLogin.ts';
import { codesShown, enrolment } from './http.ts';
import type { StartLoginFactor, StartStepUp } from './startFactor.ts';
import type { StepUp } from './stepUp.ts';

export interface ProveOperations {
  readonly startLoginFactor: StartLoginFactor;
  readonly enrolAtLogin: EnrolAtLogin;
  readonly finishLogin: FinishLogin;
  readonly startStepUp: StartStepUp;
  readonly stepUp: StepUp;
}

const loginToken = text('The login_token of the answer second_factor_required.');
const factor = Type.String({ enum: [...factorNames], description: 'The kind of factor.' });

/** Members that hold a proof; a request has exactly one. A new kind of factor adds its member here. */
const proofs = {
  totp: Type.Optional(text('The code that the authenticator app shows.')),
  credential: Type.Optional(assertion),
  [sentCodeMember]: Type.Optional(text('The code that was sent after the start of email_code or sms_code.')),
  recovery_code: Type.Optional(text('An unused recovery code. Case, spaces and dashes do not matter.')),
};

const startLoginBody = Type.Object({ login_token: loginToken, factor }, strict);
const enrolBody = Type.Object({ login_token: loginToken }, strict);
const finishBody = Type.Object(
  { login_token: loginToken, device_name: Type.Optional(deviceName), ...proofs },
  strict,
);
const finishedResponse = Type.Object({
  ...tokenResponse.properties,
  /** Of a login that added the first factor. */
  recovery_codes: Type.Optional(codesShown),
});
const startStepUpBody = Type.Object({ factor }, strict);
const stepUpBody = Type.Object(
  {
    password: Type.Optional(text('The password, for a user without a second factor.')),
    audience: Type.Optional(audience),
    ...proofs,
  },
  strict,
);

const started = {
  202: Type.Object(
    {},
    { additionalProperties: true, description: 'Started; options for the browser, if any.' },
  ),
};

/** Throws `invalid_request` unless there is exactly one proof. */
function proofIn(body: Readonly<Record<string, unknown>>, members: readonly string[]): FactorProof {
  const [first, ...more] = members.filter((member) => body[member] !== undefined);
  if (first === undefined || more.length > 0)
    throw invalidField(
      first ?? members[0] ?? 'body',
      'one_proof',
      `send exactly one of ${members.join(', ')}`,
    );
  return { member: first, value: body[first] };
}

const loginProofs = Object.keys(proofs);
const stepUpProofs = ['password', ...loginProofs];

export function proveRoutes(operations: ProveOperations): readonly MountRoutes[] {
  return [startLoginRoutes(operations), finishRoute(operations), stepUpRoutes(operations)];
}

function startLoginRoutes({ startLoginFactor, enrolAtLogin }: ProveOperations): MountRoutes {
  return (app, { rateLimits }) => {
    const places = rateLimits.placeHook('factor');
    const startSchema = {
      body: startLoginBody,
      ...operation({
        summary: 'Start a second factor of a login, such as sending a code',
        refusals: [400, 401, 429, 503],
        response: started,
      }),
    };
    app.post('/auth/login/factor/start', { schema: startSchema, ...places }, async (request, reply) => {
      const { login_token: token, factor } = request.body;
      return reply.code(202).send(await startLoginFactor({ loginToken: token, factor }, request.actor));
    });

    const enrolSchema = {
      body: enrolBody,
      ...operation({
        summary: 'Add an authenticator app during a login that requires one',
        refusals: [400, 401, 403, 429, 503],
        response: { 200: enrolment },
      }),
    };
    app.post('/auth/login/factor/enrol', { schema: enrolSchema, ...places }, async (request) => {
      const { qrSvg, ...enrolled } = await enrolAtLogin(request.body.login_token, request.actor);
      return { ...enrolled, qr_svg: qrSvg };
    });
  };
}

function finishRoute({ finishLogin }: ProveOperations): MountRoutes {
  const schema = {
    querystring: loginQuery,
    body: finishBody,
    ...operation({
      summary: 'Finish a login with a second factor',
      refusals: [400, 401, 403, 429, 503],
      response: { 200: finishedResponse },
    }),
  };
  return (app, { rateLimits, provedKey }) => {
    const options = { schema, config: { cookieMode: 'asked' }, ...rateLimits.placeHook('factor') } as const;
    app.post('/auth/login/factor', options, async (request, reply) => {
      const { login_token: token, device_name: named } = request.body;
      const proof = proofIn(request.body, loginProofs);
      const cookieMode = inCookieMode(request);
      const replaces = cookieMode ? readRefreshCookie(request.headers) : undefined;
      const jkt = await provedKey(request);
      const input = { loginToken: token, proof, deviceName: named, replaces, jkt };
      const { tokens, recoveryCodes } = await finishLogin(input, request.actor);
      const answer = cookieMode ? inCookie(reply, tokens) : inBody(tokens);
      return recoveryCodes.length === 0 ? answer : { ...answer, recovery_codes: [...recoveryCodes] };
    });
  };
}

function stepUpRoutes({ startStepUp, stepUp }: ProveOperations): MountRoutes {
  return (app, { authenticate, rateLimits }) => {
    const places = rateLimits.placeHook('factor');
    const startSchema = {
      body: startStepUpBody,
      ...operation({
        summary: 'Start a factor for a step-up, such as sending a code',
        bearer: true,
        refusals: [400, 429],
        response: started,
      }),
    };
    app.post('/auth/step-up/start', { schema: startSchema, ...places }, async (request, reply) => {
      const { sub: userId, sid: sessionId } = await authenticate(request);
      await rateLimits.spend('factor', userId, request);
      const answer = await startStepUp(request.body.factor, { userId, sessionId }, request.actor);
      return reply.code(202).send(answer);
    });

    const stepUpSchema = {
      body: stepUpBody,
      ...operation({
        summary: 'Prove again who I am: the same session with a new auth_time; the refresh token stays',
        bearer: true,
        refusals: [400, 403, 429],
        response: { 200: tokenResponse },
      }),
    };
    app.post('/auth/step-up', { schema: stepUpSchema, ...places }, async (request) => {
      const { sub: userId, sid: sessionId } = await authenticate(request);
      await rateLimits.spend('factor', userId, request);
      const proof = proofIn(request.body, stepUpProofs);
      const input = { proof, audience: request.body.audience };
      return withoutRefreshToken(await stepUp(input, { userId, sessionId }, request.actor));
    });
  };
}
