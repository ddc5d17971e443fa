/** The answer of every flow that hands out tokens (RFC 6749 §5.1, with the session it belongs to). */
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
  /** Seconds until the session ends by itself if it is not used again. */
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
 * The key for a token that is about to be minted at `now`. It is noted with the session before the token exists, so that whoever
 * revokes the key finds every session that it signed for. Rejects with `unavailable`.
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
  // Revoked a moment ago, by another node: the store has its successor already.
  await ringKeeper.reload();
  return keyRing.signer();
}

/** What the token that was asked for is for. The session does not remember it. Throws `invalid_request`. */
export function chosenAudience(
  { accessTokens: { audiences } }: Pick<TokenParts, 'accessTokens'>,
  asked: string = audiences[0],
): string {
  if (audiences.includes(asked)) return asked;
  const allowed = [...new Set(audiences)].map((each) => JSON.stringify(each)).join(' or ');
  throw invalidField('audience', 'one_of', `must be ${allowed}`);
}

/** The token would be refused for its time: a mark was set meanwhile, or by a clock that is ahead of this one. */
function isMarked(verdict: Verdict): boolean {
  return verdict.revoked && verdict.reason === markReason;
}

function refusal(reason: string): AuthorityError {
  return new AuthorityError('unavailable', { retryAfterSeconds: 1, reason });
}

/**
 * Mints the access token and derives the refresh token of the session's generation. Rejects with `unavailable` when tokens of that
 * time are refused (`packages/verifier/src/revocation/issuedBefore.ts`), and when the key was revoked meanwhile. Whoever revokes a key looks for its
 * sessions after that is in effect: a token that was handed out before has its session among them, and none is handed out after.
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
