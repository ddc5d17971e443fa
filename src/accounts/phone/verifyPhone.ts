/**
 * Completes the proof of a phone: from now on it is a second factor of the user. It replaces the earlier phone, and it is taken
 * from another user who proved it before: numbers change hands, and whoever reads its messages now has it. Sessions for which the
 * replaced or taken phone was proved end with effect.
 */
import { AuthorityError } from '@countersign/verifier/errors';
import type { FactorId } from '@countersign/verifier/ids';
import type { Actor } from '../../audit/auditEvent.ts';
import { checkUnchanged, findCaller } from '../../login/passwords/reauthentication.ts';
import type { PasswordAttempts } from '../../login/throttling/passwordAttempts.ts';
import type { Notices } from '../../notifications/notices.ts';
import type { KeyedHash } from '../../platform/keyedHash.ts';
import { newId } from '../../platform/newId.ts';
import type { OneTimeToken } from '../../platform/oneTimeTokens.ts';
import {
  type RevokingParts,
  type RevokingStores,
  revokeAndPropagate,
} from '../../revocation/propagation/revokeAndPropagate.ts';
import { endSelected } from '../../sessions/endSessions.ts';
import { factsChanged } from '../../sessions/lookUp/facts.ts';
import type { Caller } from '../../sessions/session.ts';
import { tryCode } from '../tryCode.ts';
import type { User } from '../user.ts';
import { phoneLimits } from './limits.ts';
import { maskedPhone, type Phone } from './phoneNumber.ts';
import { phoneCodeHash, phonePurpose } from './requestPhone.ts';

export interface VerifyPhoneParts extends RevokingParts {
  readonly codeHash: KeyedHash;
  readonly passwordAttempts: Pick<PasswordAttempts, 'phoneProved'>;
  readonly notices: Notices;
  readonly onCode: (channel: 'sms', outcome: 'sent' | 'used') => void;
}

/** Throws `invalid_code`. */
export type VerifyPhone = (code: string, caller: Caller, actor: Actor) => Promise<void>;

export function createVerifyPhone(parts: VerifyPhoneParts): VerifyPhone {
  const { database, clock, codeHash } = parts;
  return async (code, caller, actor) => {
    const user = await findCaller(parts, caller);
    const now = clock.now();
    const hashOf = ({ hash, detail }: OneTimeToken, typed: string) =>
      phoneCodeHash(codeHash, hash, String(detail['phone']), typed);
    const tried = { userId: user.id, purpose: phonePurpose, code, now, hashOf };
    const { hash, detail } = await tryCode(database, tried);
    const number = String(detail['phone']) as Phone;
    await revokeAndPropagate(parts, now, async (stores) => {
      await checkUnchanged(stores, user, caller.sessionId);
      // Another request may have used or replaced it meanwhile.
      if ((await stores.oneTimeTokens.take(hash, phonePurpose, now)) === undefined)
        throw new AuthorityError('invalid_code', { reason: 'used' });
      const current = (await stores.users.find(user.id)) ?? user;
      await takeAway(parts, stores, current, { reason: 'replaced', actor, now });
      await add(parts, stores, { user, number, caller, actor, now });
    });
    parts.onCode('sms', 'used');
  };
}

interface Taking {
  /** For the audit log. */
  readonly reason: 'replaced' | 'taken';
  readonly actor: Actor;
  readonly now: number;
}

async function takeAway(
  { notices }: VerifyPhoneParts,
  stores: RevokingStores,
  user: User,
  { reason, actor, now }: Taking,
): Promise<void> {
  const { id: userId, phone } = user;
  if (phone === undefined) return;
  const { id: factor } = phone;
  await endSelected(stores, { userId, openedBy: factor }, { reason: 'factor_removed', actor, now });
  await stores.users.removePhone(userId, factor);
  await stores.revoke([factsChanged(userId, now)]);
  const about = { actor, userId, reason: 'sms_code', detail: { factor, because: reason } };
  await stores.audit.record({ type: 'factor_removed', ...about }, now);
  // The earlier owner must not learn who has the number now.
  const occasion = { now, actor: reason === 'taken' ? {} : actor, factor: maskedPhone(phone.number) };
  await notices(stores, user, 'factor_removed', occasion);
}

async function takeFromEarlierOwner(
  parts: VerifyPhoneParts,
  stores: RevokingStores,
  { number, user, actor, now }: { number: Phone; user: User; actor: Actor; now: number },
): Promise<void> {
  const found = await stores.users.findByPhone(number);
  if (found === undefined || found.id === user.id) return;
  const earlier = await stores.users.lock(found.id);
  if (earlier?.phone?.number !== number) return;
  const { requestId } = actor;
  await takeAway(parts, stores, earlier, { reason: 'taken', actor: { name: 'authority', requestId }, now });
}

async function add(
  parts: VerifyPhoneParts,
  stores: RevokingStores,
  adding: { user: User; number: Phone; caller: Caller; actor: Actor; now: number },
): Promise<void> {
  const { user, number, caller, actor, now } = adding;
  const { userId, sessionId } = caller;
  const factor = newId<FactorId>(now);
  const phone = { number, id: factor, verifiedAt: now };
  let outcome = 'taken';
  for (let take = 0; outcome === 'taken' && take < phoneLimits.takes; take += 1) {
    await takeFromEarlierOwner(parts, stores, { number, user, actor, now });
    outcome = await stores.users.setPhone(userId, phone);
  }
  await stores.revoke([factsChanged(userId, now)]);
  await parts.passwordAttempts.phoneProved(stores, number, actor.ip, now);
  if (outcome === 'taken')
    throw new AuthorityError('unavailable', { retryAfterSeconds: 1, reason: 'phone_contention' });
  const about = { actor, userId, sessionId, reason: 'sms_code', detail: { factor } };
  await stores.audit.record({ type: 'factor_added', ...about }, now);
  const takesBack = { about: 'factor', factorId: factor } as const;
  const occasion = { now, actor, sessionId, factor: maskedPhone(number), takesBack };
  await parts.notices(stores, user, 'factor_added', occasion);
}
