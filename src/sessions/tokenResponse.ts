/** The token response (RFC 6749 §5.1) of every operation that issues tokens, with its session. */
import { numericDate } from '@countersign/verifier/clock';
import { AuthorityError, invalidField } from '@countersign/verifier/errors';
import type { SessionId } from '@countersign/verifier/ids';
import type { DenyList, Verdict } from '@countersign/verifier/revocation/denyList';
import { markReason } from '@countersign/verifier/revocation/issuedBefore';
import type { TokenScheme } from '@countersign/verifier/tokens/bearerToken';
import { tokenType } from '@countersign/verifier/tokens/dpopProof';
import type { Database } from '../database.ts';
import type { KeyRing, Signer } from '../keys/keyRing.ts';
import type { RingKeeper } from '../keys/ringKeeper.ts';
import type { Rights } from '../rights/rights.ts';
import type { AccessTokenIssuer, TokenSubject } from '../tokens/accessToken.ts';
import type { RefreshTokens } from './refreshToken.ts';
import { type Session, sessionExpiry } from './session.ts';
import type { NewSession } from './store.ts';

export interface TokenResponse {
  readonly accessToken: string;
  /** `DPoP`: bound to a key. */
  readonly tokenType: TokenScheme;
  /** Seconds. */
  readonly expiresIn: number;
  readonly refreshToken: string;
  /** Seconds until an unused session ends. */
  readonly refreshExpiresIn: number;
  readonly scope: string;
  readonly sessionId: SessionId;
}

export interface TokenParts {
  readonly keyRing: Pick<KeyRing, 'signer'>;
  readonly ringKeeper: Pick<RingKeeper, 'fresh' | 'reload'>;
  readonly denyList: Pick<DenyList, 'check'>;
  readonly accessTokens: AccessTokenIssuer;
  readonly refreshTokens: RefreshTokens;
}

export interface TokenAsked {
  readonly now: number;
  readonly audience: string;
  readonly rights: Rights;
  /** The thumbprint of the certificate that the access token is bound to. The session is not: its client proves itself. */
  readonly certificate?: string | undefined;
}

type TokenSession = NewSession & Pick<Session, 'generation'>;

/**
 * Chooses the key for a token about to be issued at `now`. It is stored with the session before the token exists, so that
 * revoking the key finds every session it signed for. Rejects with `unavailable`.
 */
export async function chooseSigner(
  { keyRing, ringKeeper, denyList }: TokenParts,
  now: number,
): Promise<Signer> {
  await ringKeeper.fresh();
  const signer = keyRing.signer();
  const verdict = await denyList.check([signer.subject], now);
  if (!verdict.revoked) return signer;
  if (isMarked(verdict)) throw refusal('marked');
  // Another node revoked it a moment ago; the store already has its successor.
  await ringKeeper.reload();
  return keyRing.signer();
}

/** The requested audience, of the settings or a declared resource. Throws `invalid_request`. */
export async function chosenAudience(
  {
    accessTokens: { audiences },
    database,
  }: Pick<TokenParts, 'accessTokens'> & { readonly database: Pick<Database, 'rights'> },
  asked: string = audiences[0],
): Promise<string> {
  if (audiences.includes(asked) || (await database.rights.findResource(asked)) !== undefined) return asked;
  const named = [...new Set(audiences)].map((each) => JSON.stringify(each)).join(', ');
  throw invalidField('audience', 'declared', `must be ${named} or a declared resource`);
}

/** Throws `invalid_target` for another audience than the one that was authorized (RFC 8707 §2.2). */
export function requireAudience(asked: string | undefined, authorized: string): void {
  if (asked !== undefined && asked !== authorized)
    throw new AuthorityError('invalid_target', { reason: 'other_audience' });
}

/** What settings allow a token for the audience issued at `now`, for `rightsAt`; milliseconds since the Unix epoch. */
export function settingsFor(
  accessTokens: AccessTokenIssuer,
  audience: string,
  now: number,
  proved: Pick<TokenSubject, 'acr' | 'authTime'>,
) {
  return {
    ...{ now, latest: accessTokens.expiry(now), isOfSettings: accessTokens.audiences.includes(audience) },
    isProvedByTwo: accessTokens.acr(proved, now) === '2fa',
  };
}

/** The token's issue time would be refused: a mark was set meanwhile, or by a node whose clock is ahead. */
function isMarked(verdict: Verdict): boolean {
  return verdict.revoked && verdict.reason === markReason;
}

function refusal(reason: string): AuthorityError {
  return new AuthorityError('unavailable', { retryAfterSeconds: 1, reason });
}

/**
 * Issues an access token. Rejects with `unavailable` when tokens of that time are refused
 * (`packages/verifier/src/revocation/issuedBefore.ts`) or the key was revoked meanwhile. Revoking a key looks for its sessions after
 * it is in effect: sessions of tokens issued before are found, and none is issued after.
 */
export async function issueAccessToken(
  { accessTokens, denyList }: Pick<TokenParts, 'accessTokens' | 'denyList'>,
  ...[subject, signer, now, to]: Parameters<AccessTokenIssuer['issue']>
): Promise<string> {
  const accessToken = await accessTokens.issue(subject, signer, now, to);
  const verdict = await denyList.check([signer.subject], now);
  if (verdict.revoked) throw refusal(isMarked(verdict) ? 'marked' : 'key_revoked');
  return accessToken;
}

/** Issues the access token and derives the generation's refresh token. Rejects as `issueAccessToken` does. */
export async function respondWithTokens(
  parts: TokenParts,
  session: TokenSession,
  signer: Signer,
  { now, audience, rights, certificate }: TokenAsked,
): Promise<TokenResponse> {
  const { scope, roles, tokenExpiresAt: expiresAt } = rights;
  const jkt = session.boundKey?.jkt;
  const subject = { ...session, scope, roles, jkt, certificate };
  const accessToken = await issueAccessToken(parts, subject, signer, now, { audience, expiresAt });
  return {
    ...{ accessToken, tokenType: tokenType(jkt) },
    expiresIn: numericDate(expiresAt) - numericDate(now),
    refreshToken: parts.refreshTokens.derive(session, session.generation),
    refreshExpiresIn: numericDate(sessionExpiry(session)) - numericDate(now),
    scope,
    sessionId: session.id,
  };
}
