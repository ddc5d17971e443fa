/**
 * Who asks at `/oauth2/`: a client with its secret (RFC 6749 §2.3.1), with a signed assertion (RFC 7523), with a certificate (RFC 8705
 * §2.1), or a public one by its id alone. A service may also send its service token as bearer token. One way at a time.
 */
import { AuthorityError, invalidField } from '@countersign/verifier/errors';
import { isUuid, type ServiceId } from '@countersign/verifier/ids';
import { verifierLimits } from '@countersign/verifier/limits';
import type { ReadTime } from '@countersign/verifier/steadyTime';
import { readBearerToken } from '@countersign/verifier/tokens/bearerToken';
import { createLocalJWKSet, decodeJwt, type JSONWebKeySet, jwtVerify } from 'jose';
import type { Database } from '../database.ts';
import type { AuthenticateService } from '../services/authenticateService.ts';
import { isLive, type Service } from '../services/service.ts';
import type { ClientCertificate } from '../transport/http/clientCertificate.ts';
import { losesProof } from './clients/takenFrom.ts';
import type { Form } from './form.ts';
import { oauthLimits } from './limits.ts';
import { usedIdHash } from './usedIds.ts';

export interface AuthenticatedClient {
  readonly client: Service;
  /** False for a client that only named itself. */
  readonly isProved: boolean;
  /** The thumbprint of the certificate that its tokens are bound to (RFC 8705 §3); undefined for other clients, or without one. */
  readonly certificate?: string | undefined;
}

/** Throws `invalid_client`, and `invalid_request` for two ways at once. */
export type AuthenticateClient = (
  authorization: string | undefined,
  form: Form,
  certificate?: ClientCertificate,
) => Promise<AuthenticatedClient>;

export interface ClientAuthenticationParts {
  readonly database: Pick<Database, 'services' | 'usedIds'>;
  readonly authenticateService: AuthenticateService;
  readonly issuer: string;
  readonly latestTime: ReadTime;
}

const assertionType = 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer';
/** `client-authentication+jwt` is of draft-ietf-oauth-rfc7523bis. Other kinds of JWT are not for this. */
const assertionKinds: readonly unknown[] = [undefined, 'JWT', 'client-authentication+jwt'];

export function createAuthenticateClient(parts: ClientAuthenticationParts): AuthenticateClient {
  return async (authorization, form, certificate) => {
    const caller = await authenticate(parts, authorization, form, certificate?.names ?? []);
    return caller.client.certificateBound ? { ...caller, certificate: certificate?.thumbprint } : caller;
  };
}

/** Throws `invalid_client` where the key or certificate that proved the client was replaced since. */
export type ConfirmClient = (caller: AuthenticatedClient) => Promise<void>;

export function createConfirmClient({
  database,
}: Pick<ClientAuthenticationParts, 'database'>): ConfirmClient {
  return async ({ client }) => {
    const now = await database.services.find(client.id);
    if (now === undefined || losesProof(client, now)) throw refused('proof_replaced');
  };
}

async function authenticate(
  parts: ClientAuthenticationParts,
  authorization: string | undefined,
  form: Form,
  certificateNames: readonly string[],
): Promise<AuthenticatedClient> {
  const ways = [authorization, form['client_secret'], form['client_assertion']];
  if (ways.filter((way) => way !== undefined).length > 1)
    throw invalidField('client_secret', 'exclusive', 'authenticate in one way only');
  if (authorization !== undefined) return byHeader(parts, authorization, form);
  const { client_id: id = '', client_secret: secret } = form;
  if (secret !== undefined) return bySecret(parts, id, secret);
  if (form['client_assertion'] !== undefined) return byAssertion(parts, form);
  return byName(parts, id, certificateNames);
}

async function byHeader(
  parts: ClientAuthenticationParts,
  authorization: string,
  { client_id: named }: Form,
): Promise<AuthenticatedClient> {
  const bearer = readBearerToken(authorization);
  if (typeof bearer !== 'string') return proved(await bySecretAlone(parts, bearer.token), named);
  const [id, secret] = readBasic(authorization);
  if (named !== undefined && named !== id)
    throw invalidField('client_id', 'same', 'must be that of the header');
  return bySecret(parts, id, secret);
}

/** RFC 6749 §2.3.1: both are form-encoded before the encoding of RFC 7617. */
function readBasic(authorization: string): readonly [id: string, secret: string] {
  const encoded = /^Basic +([A-Za-z0-9+/]+={0,2}) *$/i.exec(authorization)?.[1];
  if (encoded === undefined) throw refused('header');
  const text = Buffer.from(encoded, 'base64').toString();
  const colon = text.indexOf(':');
  if (colon < 0) throw refused('header');
  try {
    const decode = (part: string) => decodeURIComponent(part.replaceAll('+', ' '));
    return [decode(text.slice(0, colon)), decode(text.slice(colon + 1))];
  } catch {
    throw refused('header');
  }
}

async function bySecret(
  parts: ClientAuthenticationParts,
  id: string,
  secret: string,
): Promise<AuthenticatedClient> {
  return proved(await bySecretAlone(parts, secret), id);
}

/** An expired secret is a wrong one (RFC 6749 §5.2). */
async function bySecretAlone(
  { authenticateService }: ClientAuthenticationParts,
  secret: string,
): Promise<Service | undefined> {
  try {
    return await authenticateService({ token: secret });
  } catch (error) {
    if (error instanceof AuthorityError && error.code === 'token_required')
      throw refused('secret_expired', error);
    throw error;
  }
}

/** A name may stand for the id. */
function proved(client: Service | undefined, named: string | undefined): AuthenticatedClient {
  if (client === undefined) throw refused('secret');
  if (named !== undefined && named !== client.id && named !== client.name) throw refused('other_client');
  return { client, isProved: true };
}

/** By its certificate, if the connection has the one that is registered; otherwise only a public client. */
async function byName(
  parts: ClientAuthenticationParts,
  id: string,
  certificateNames: readonly string[],
): Promise<AuthenticatedClient> {
  const client = await findLive(parts, id);
  const { certificateName } = client ?? {};
  if (client !== undefined && certificateName !== undefined && certificateNames.includes(certificateName))
    return { client, isProved: true };
  const tokens = client && (await parts.database.services.hasSecret(client.id));
  if (
    client === undefined ||
    tokens === true ||
    client.jwks !== undefined ||
    certificateName !== undefined ||
    client.kind === 'service'
  )
    throw refused('no_proof');
  return { client, isProved: false };
}

async function byAssertion(parts: ClientAuthenticationParts, form: Form): Promise<AuthenticatedClient> {
  const { client_assertion: assertion = '', client_assertion_type: type, client_id: named } = form;
  if (type !== assertionType)
    throw invalidField('client_assertion_type', 'one_of', `must be ${assertionType}`);
  if (assertion.length > verifierLimits.tokenCharacters) throw refused('assertion_length');
  const id = subjectOf(assertion);
  if (named !== undefined && named !== id) throw refused('other_client');
  const client = await findLive(parts, id);
  if (client?.jwks === undefined) throw refused('no_key');
  const { jti, exp } = await verifyAssertion(parts, client, assertion);
  const until = (exp + verifierLimits.clockSkewSeconds) * 1000;
  if (!(await parts.database.usedIds.use(usedIdHash('client_assertion', client.id, jti), until)))
    throw refused('assertion_replayed');
  return { client, isProved: true };
}

function subjectOf(assertion: string): string {
  try {
    return String(decodeJwt(assertion).sub);
  } catch {
    throw refused('assertion');
  }
}

async function verifyAssertion(
  { issuer, latestTime }: ClientAuthenticationParts,
  { id, jwks }: Service,
  assertion: string,
): Promise<{ readonly jti: string; readonly exp: number }> {
  const now = latestTime();
  const keys = createLocalJWKSet(jwks as unknown as JSONWebKeySet);
  const { payload, protectedHeader } = await jwtVerify(assertion, keys, {
    ...{ algorithms: ['ES256'], issuer: id, subject: id, currentDate: new Date(now) },
    requiredClaims: ['aud', 'exp', 'jti'],
  }).catch((cause) => {
    throw refused('assertion', cause);
  });
  const { aud, exp = 0, iat, jti } = payload;
  const seconds = Math.floor(now / 1000);
  // As text: a list could name another server, too, which could then use the assertion here.
  if (aud !== issuer) throw refused('assertion_audience');
  if (!assertionKinds.includes(protectedHeader.typ)) throw refused('assertion_kind');
  if (exp > seconds + oauthLimits.assertionSeconds || (iat ?? 0) > seconds + verifierLimits.clockSkewSeconds)
    throw refused('assertion_time');
  if (typeof jti !== 'string' || jti.length === 0 || jti.length > oauthLimits.assertionIdCharacters)
    throw refused('assertion_id');
  return { jti, exp };
}

async function findLive({ database }: ClientAuthenticationParts, id: string): Promise<Service | undefined> {
  const client = isUuid(id) ? await database.services.find(id as ServiceId) : undefined;
  return client !== undefined && isLive(client) ? client : undefined;
}

function refused(reason: string, cause?: unknown): AuthorityError {
  return new AuthorityError('invalid_client', { reason, cause });
}
