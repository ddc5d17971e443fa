/** A user's second factors over HTTP. Changes need a recent proof. */
import { rfc3339 } from '@countersign/verifier/clock';
import { encodeBase64url } from '@countersign/verifier/encoding';
import { type FactorId, type UserId, uuidPattern } from '@countersign/verifier/ids';
import { forgetBrowser, hasRefreshCookieOf } from '../../sessions/refreshCookie.ts';
import type { MountRoutes } from '../../transport/http/app.ts';
import type { Authenticate } from '../../transport/http/caller.ts';
import { noContent, operation, optionalBody } from '../../transport/http/route.ts';
import { emptyBody, strict, text, time } from '../../transport/http/schemas.ts';
import { Type } from '../../transport/http/typebox.ts';
import { userHandleOf } from '../passkeys/provePasskey.ts';
import type { RelyingParty } from '../passkeys/relyingParty.ts';
import { factorName } from '../schemas.ts';
import type { ConfirmTotp, EnrolTotpForCaller } from './enrolTotp.ts';
import { factorNames } from './factors.ts';
import type { Factors, ListFactors } from './listFactors.ts';
import type { RequireRecentProof } from './recentProof.ts';
import type { RemoveFactor } from './removeFactor.ts';
import type { RenewRecoveryCodes } from './renewRecoveryCodes.ts';

export interface FactorOperations {
  readonly listFactors: ListFactors;
  readonly enrolTotp: EnrolTotpForCaller;
  readonly confirmTotp: ConfirmTotp;
  readonly removeFactor: RemoveFactor;
  readonly renewRecoveryCodes: RenewRecoveryCodes;
  readonly requireRecentProof: RequireRecentProof;
  readonly relyingParty: RelyingParty | undefined;
}

const enrolBody = Type.Object({ name: Type.Optional(factorName) }, strict);
const confirmBody = Type.Object({ code: text('The code that the app shows.') }, strict);
const factorParams = Type.Object({ id: Type.String({ pattern: uuidPattern }) }, strict);

const acceptedPasskeys = Type.Object({
  rp_id: Type.String(),
  user_id: Type.String({ description: 'The user handle, in base64url.' }),
  all_accepted_credential_ids: Type.Array(Type.String()),
});

const listResponse = Type.Object({
  factors: Type.Array(
    Type.Object({
      id: Type.String(),
      kind: Type.String({ description: factorNames.join(', ') }),
      name: Type.String(),
      created_at: time,
      last_used_at: Type.Union([time, Type.Null()]),
      passkey: Type.Optional(
        Type.Object(
          {
            credential_id: Type.String({ description: 'Base64url.' }),
            device_type: Type.String({
              description: 'singleDevice, or multiDevice: it can be synchronised.',
            }),
            backed_up: Type.Boolean({ description: 'Whether it is synchronised.' }),
            transports: Type.Array(Type.String(), { description: 'internal, hybrid, usb, nfc, …' }),
            rp_id: Type.String({ description: 'The host name that it works at.' }),
          },
          { description: 'Of kind passkey only.' },
        ),
      ),
    }),
  ),
  step_up: Type.Array(Type.String(), {
    description: 'The kinds that POST /auth/step-up takes; the password, if there are none.',
  }),
  passkeys: Type.Union([acceptedPasskeys, Type.Null()], {
    description:
      'For PublicKeyCredential.signalAllAcceptedCredentials, after a passkey was removed; null without a host name in ISSUER.',
  }),
  recovery_codes: Type.Object({ left: Type.Integer({ description: 'Unused codes.' }) }),
});

export const enrolment = Type.Object({
  id: Type.String({ description: 'The factor, once it is confirmed.' }),
  secret: Type.String({ description: 'Base32, for typing. Shown only here.' }),
  uri: Type.String({ description: 'otpauth:// URI, the text of the QR code.' }),
  qr_svg: Type.String({ description: 'The QR code as SVG.' }),
});

export const codesShown = Type.Array(Type.String(), {
  description: 'Shown only here. Each one stands in for a second factor, once.',
});
const confirmResponse = Type.Object({ id: Type.String(), recovery_codes: codesShown });
const codesResponse = Type.Object({ recovery_codes: codesShown });

export function factorRoutes(operations: FactorOperations): readonly MountRoutes[] {
  return [listRoute(operations), totpRoutes(operations), removeRoute(operations), codesRoute(operations)];
}

function listRoute({ listFactors, relyingParty }: FactorOperations): MountRoutes {
  return (app, { authenticate, rateLimits }) => {
    const schema = operation({
      summary: 'My second factors',
      bearer: true,
      refusals: [429],
      response: { 200: listResponse },
    });
    app.get('/auth/factors', { schema, ...rateLimits.placeHook('reads') }, async (request) => {
      const { sub } = await authenticate(request);
      await rateLimits.spend('reads', sub, request);
      const { factors, recoveryCodesLeft, usable } = await listFactors(sub);
      return {
        factors: factors.map(asListed),
        step_up: [...usable],
        passkeys: relyingParty === undefined ? null : asAccepted(sub, relyingParty.id, factors),
        recovery_codes: { left: recoveryCodesLeft },
      };
    });
  };
}

function asListed({ id, kind, name, createdAt, lastUsedAt, passkey }: Factors['factors'][number]) {
  const used = lastUsedAt === undefined ? null : rfc3339(lastUsedAt);
  const listed = { id, kind, name, created_at: rfc3339(createdAt), last_used_at: used };
  if (passkey === undefined) return listed;
  const { deviceType, backedUp, transports, rpId, credentialId } = passkey;
  const about = { device_type: deviceType, backed_up: backedUp, transports: [...transports], rp_id: rpId };
  return { ...listed, passkey: { credential_id: encodeBase64url(credentialId), ...about } };
}

function asAccepted(userId: UserId, rpId: string, factors: Factors['factors']) {
  const accepted = factors.flatMap(({ passkey }) => (passkey?.rpId === rpId ? [passkey.credentialId] : []));
  return {
    rp_id: rpId,
    user_id: encodeBase64url(userHandleOf(userId)),
    all_accepted_credential_ids: accepted.map(encodeBase64url),
  };
}

/** The caller of a change, with a recent proof. */
export function admission(
  { requireRecentProof }: Pick<FactorOperations, 'requireRecentProof'>,
  { authenticate, rateLimits }: Parameters<MountRoutes>[1],
  budget: 'factors' | 'passkey_options' = 'factors',
) {
  return async (request: Parameters<Authenticate>[0]) => {
    const claims = await authenticate(request);
    await rateLimits.spend(budget, claims.sub, request);
    await requireRecentProof(claims);
    return { userId: claims.sub, sessionId: claims.sid };
  };
}

function totpRoutes(operations: FactorOperations): MountRoutes {
  return (app, parts) => {
    const admit = admission(operations, parts);
    const places = parts.rateLimits.placeHook('factors');
    const enrolSchema = {
      body: enrolBody,
      ...operation({
        summary: 'Add an authenticator app: a secret, to be confirmed with a code',
        bearer: true,
        refusals: [400, 403, 429],
        response: { 200: enrolment },
      }),
    };
    const enrolOptions = { preValidation: optionalBody, schema: enrolSchema, ...places };
    app.post('/auth/factors/totp', enrolOptions, async (request) => {
      const caller = await admit(request);
      const { qrSvg, ...enrolled } = await operations.enrolTotp(caller, request.body.name);
      return { ...enrolled, qr_svg: qrSvg };
    });

    const confirmSchema = {
      body: confirmBody,
      ...operation({
        summary: 'Confirm the authenticator app',
        bearer: true,
        refusals: [400, 429],
        response: { 200: confirmResponse },
      }),
    };
    app.post('/auth/factors/totp/confirm', { schema: confirmSchema, ...places }, async (request) => {
      const caller = await admit(request);
      const { id, recoveryCodes } = await operations.confirmTotp(request.body.code, caller, request.actor);
      return { id, recovery_codes: [...recoveryCodes] };
    });
  };
}

function removeRoute(operations: FactorOperations): MountRoutes {
  return (app, parts) => {
    const admit = admission(operations, parts);
    const schema = {
      params: factorParams,
      ...operation({
        summary: 'Remove a second factor; every session for which it was proved ends',
        bearer: true,
        refusals: [400, 404, 409, 429],
        response: noContent,
      }),
    };
    const options = {
      schema,
      config: { endsWithEffect: true },
      ...parts.rateLimits.placeHook('factors'),
    } as const;
    app.delete('/auth/factors/:id', options, async (request, reply) => {
      const caller = await admit(request);
      const id = request.params.id as FactorId;
      const { endedOwn } = await operations.removeFactor(id, caller, request.actor);
      if (endedOwn && hasRefreshCookieOf(request.headers, caller.sessionId)) forgetBrowser(reply);
      return reply.code(204).send(null);
    });
  };
}

function codesRoute(operations: FactorOperations): MountRoutes {
  return (app, parts) => {
    const admit = admission(operations, parts);
    const schema = {
      body: emptyBody,
      ...operation({
        summary: 'Make new recovery codes; the old ones become useless',
        bearer: true,
        refusals: [400, 404, 429],
        response: { 200: codesResponse },
      }),
    };
    const places = parts.rateLimits.placeHook('factors');
    const options = { preValidation: optionalBody, schema, ...places };
    app.post('/auth/factors/recovery-codes', options, async (request) => {
      const caller = await admit(request);
      return { recovery_codes: [...(await operations.renewRecoveryCodes(caller, request.actor))] };
    });
  };
}
