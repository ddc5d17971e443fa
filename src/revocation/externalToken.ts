/** Revokes a token that this authority did not issue. */
import { encodeBase64url } from '@countersign/verifier/encoding';
import { invalidField } from '@countersign/verifier/errors';
import { verifierLimits } from '@countersign/verifier/limits';
import { revokedUntil, wholeHour } from '@countersign/verifier/revocation/revocation';
import type { EarlierClaims } from '../tokens/earlierIssuers/judgeForeignToken.ts';
import { externalSubject } from '../tokens/externalId.ts';
import { tokenLimits } from '../tokens/limits.ts';
import { isKnown, refuseNew, type Step } from './step.ts';

export function revokeExternal(id: string, expiresAt: number, now: number): Step {
  const subject = externalSubject(id);
  if (subject === undefined) {
    throw invalidField(
      'external_id',
      'length',
      `must have 1 to ${tokenLimits.externalIdBytes} bytes of UTF-8`,
    );
  }
  if (!(expiresAt > now && expiresAt <= now + verifierLimits.accessTokenMaximumSeconds * 1000)) {
    const hours = verifierLimits.accessTokenMaximumSeconds / 3600;
    return refuseNew(invalidField('exp', 'range', `must be in the future, by at most ${hours} hours`));
  }
  const kept = wholeHour(revokedUntil(expiresAt));
  const revocation = { subject, reason: 'revoked', expiresAt: kept } as const;
  return {
    find: async () => undefined,
    costs: async (stores) => ((await isKnown(stores, revocation)) ? undefined : 'external_ids'),
    async take(stores, _now, actor, finished) {
      const again = finished || (await isKnown(stores, revocation));
      const { revoke, audit } = stores;
      await revoke([revocation]);
      const detail = { subject: encodeBase64url(subject) };
      if (!again) await audit.record({ type: 'token_revoked', actor, reason: 'external_id', detail }, now);
      return 0;
    },
  };
}

/** Costs no budget: its signature was verified, so it is not invented. */
export function revokeEarlier(externalId: string, { exp }: EarlierClaims, now: number): Step {
  // Its `iat` may be some seconds ahead of our clock.
  const longest = now + verifierLimits.accessTokenMaximumSeconds * 1000;
  const { find, take } = revokeExternal(externalId, Math.min(exp * 1000, longest), now);
  return { find, take };
}
