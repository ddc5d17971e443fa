/** The token response (RFC 6749 §5.1) of every operation that issues tokens, with its session. */
import { numericDate } from '@countersign/verifier/clock';
import { AuthorityError, invalidField } from '@countersign/verifier/errors';
import type { SessionId } from '@countersign/verifier/ids';
import type { DenyList, Verdict } from '@countersign/verifier/revocation/denyList';
import { markReason } from '@countersign/verifier/revocation/issuedBefore';
import type { KeyRing, Signer } from '../keys/keyRing.ts';
import type { RingKeeper } from '../keys/ringKeeper.ts';
import type { AccessTokenIssuer } from '../tokens/accessToken.ts';
import type { RefreshTokens } from './refreshToken.ts';
import { type Session, sessionExpiry } from './session.ts';
import type { NewSession } from './store.ts';

export interface TokenResponse {
  readonly accessToken: string;
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

/** The requested audience; the session does not store it. Throws `invalid_request`. */
export function chosenAudience(
  { accessTokens: { audiences } }: Pick<TokenParts, 'accessTokens'>,
  asked: string = audiences[0],
): string {
  if (audiences.includes(asked)) return asked;
  const allowed = [...new Set(audiences)].map((each) => JSON.stringify(each)).join(' or ');
  throw invalidField('audience', 'one_of', `must be ${allowed}`);
}

/** The token's issue time would be refused: a mark was set meanwhile, or by a node whose clock is ahead. */
function isMarked(verdict: Verdict): boolean {
  return verdict.revoked && verdict.reason === markReason;
}

function refusal(reason: string): AuthorityError {
  return new AuthorityError('unavailable', { retryAfterSeconds: 1, reason });
}

/**
 * Issues the access token and derives the generation's refresh token. Rejects with `unavailable` when tokens of that time are
 * refused (`packages/verifier/src/revocation/issuedBefore.ts`) or the key was revoked meanwhile. Revoking a key looks for its
 * sessions after it is in effect: sessions of tokens issued before are found, and none is issued after.
 */
export async function respondWithTokens(
  { accessTokens, refreshTokens, denyList }: TokenParts,
  session: TokenSession,
  signer: Signer,
  { now, audience }: { readonly now: number; readonly audience?: string },
): Promise<TokenResponse> {
  const accessToken = await accessTokens.issue(session, signer, now, audience);
  const verdict = await denyList.check([signer.subject], now);
  if (verdict.revoked) throw refusal(isMarked(verdict) ? 'marked' : 'key_revoked');
  return {
    accessToken,
    expiresIn: numericDate(accessTokens.expiry(now)) - numericDate(now),
    refreshToken: refreshTokens.derive(session, session.generation),
    refreshExpiresIn: numericDate(sessionExpiry(session)) - numericDate(now),
    scope: session.scope,
    sessionId: session.id,
  };
}
