/** A live session, by its id or by one of its access tokens. */
import { AuthorityError } from '@countersign/verifier/errors';
import type { SessionId } from '@countersign/verifier/ids';
import type { DenyList } from '@countersign/verifier/revocation/denyList';
import type { Jti } from '@countersign/verifier/tokens/jti';
import type { AccessTokenIssuer } from '../../tokens/accessToken.ts';
import { type Acr, sessionExpiry } from '../session.ts';
import type { FoundSession, LookUpParts, LookUpSession } from './lookUpSession.ts';

export type NamedSession = { readonly sessionId: SessionId } | { readonly jti: Jti };

/**
 * `acr` is what a token of now would say. Roles that have expired, and those that ask for a second factor which does not count now, are left
 * out. Throws `not_found`, also for a revoked token, and `unavailable` without a safe answer.
 */
export type GetSession = (named: NamedSession) => Promise<FoundSession>;

export function createGetSession({
  lookUpSession,
  denyList,
  latestTime,
  accessTokens,
}: {
  readonly lookUpSession: LookUpSession;
  readonly denyList: Pick<DenyList, 'check'>;
  readonly latestTime: LookUpParts['latestTime'];
  readonly accessTokens: Pick<AccessTokenIssuer, 'acr'>;
}): GetSession {
  return async (named) => {
    if ('jti' in named && (await denyList.check(named.jti.subjects, named.jti.issuedAt)).revoked)
      throw notFound();
    const found =
      'jti' in named
        ? await lookUpSession(named.jti.sessionId, named.jti.issuedAt)
        : await lookUpSession(named.sessionId);
    const now = latestTime();
    if (found === undefined || sessionExpiry(found.facts) <= now) throw notFound();
    const { facts } = found;
    const acr = accessTokens.acr(facts, now);
    const isProved = acr === '2fa' || facts.userId === undefined;
    const roles = facts.roles.filter(
      ({ secondFactor, expiresAt = Number.POSITIVE_INFINITY }) =>
        expiresAt > now && (!secondFactor || isProved),
    );
    return { ...found, facts: { ...facts, acr: acr as Acr, roles } };
  };
}

function notFound(): AuthorityError {
  return new AuthorityError('not_found', { detail: 'There is no such live session.' });
}
