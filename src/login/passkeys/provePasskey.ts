/**
 * Proves a passkey, as first factor, second factor or in step-up. Every refusal looks alike to the caller; the audit log has the
 * reason. A counter that went back means that two devices have the key: nobody can tell which one is the owner's, so all sessions
 * that the key opened end, and the owner is told. That is one transaction with the use of the challenge: after a crash the same
 * answer can be sent again.
 */
import { decodeBase64url } from '@countersign/verifier/encoding';
import { type UserId, uuidBytes } from '@countersign/verifier/ids';
import type { User } from '../../accounts/user.ts';
import type { Actor } from '../../audit/auditEvent.ts';
import type { Database } from '../../database.ts';
import type { Notices } from '../../notifications/notices.ts';
import type { RevokingStores } from '../../revocation/propagation/revokeAndPropagate.ts';
import { endSelected } from '../../sessions/endSessions.ts';
import type { Verified } from '../factors/factors.ts';
import type { Passkey, PasskeyUse, PasskeyUsed } from './passkey.ts';
import type { RequireRelyingParty } from './relyingParty.ts';
import { type AssertionAnswer, verifyAssertion } from './webauthn.ts';

export interface ProvePasskeyParts {
  readonly database: Pick<Database, 'passkeys' | 'users'>;
  readonly requireRelyingParty: RequireRelyingParty;
  /** A key was found to exist twice. */
  readonly onCloned: (passkey: Passkey) => void;
  readonly notices: Notices;
}

export interface ProvedPasskey extends Verified {
  readonly passkey: Passkey;
  readonly user: User;
}

/** `user`: the passkey's, where it is known. */
export type PasskeyVerdict =
  | ProvedPasskey
  | { readonly refused: string; readonly user?: Pick<User, 'id'> | undefined };

export interface PasskeyProof {
  readonly answer: AssertionAnswer;
  /** The text that the browser was given. */
  readonly challenge: string;
  /** Only this user's passkeys count. */
  readonly userId?: UserId | undefined;
}

export type ProvePasskey = (proof: PasskeyProof, actor: Actor) => Promise<PasskeyVerdict>;

export function createProvePasskey(parts: ProvePasskeyParts): ProvePasskey {
  const { database, requireRelyingParty } = parts;
  return async (proof, actor) => {
    const { answer, challenge } = proof;
    const relyingParty = requireRelyingParty();
    const credentialId = decodeBase64url(answer.id);
    const passkey = credentialId && (await database.passkeys.findByCredential(credentialId));
    // Ids of credentials have at least 100 random bits: time may tell which ones exist.
    if (passkey === undefined || passkey.rpId !== relyingParty.id) return { refused: 'unknown_passkey' };
    const about = { user: { id: passkey.userId } };
    const fault = ownerFault(proof, passkey);
    if (fault !== undefined) return { refused: fault, ...about };
    const verdict = await verifyAssertion(answer, passkey, { challenge, relyingParty });
    if ('refused' in verdict) return { refused: `passkey_${verdict.refused}`, ...about };
    const user = await database.users.find(passkey.userId);
    if (user === undefined || user.disabledAt !== undefined) return { refused: 'user_disabled', ...about };
    return proved(parts, { user, passkey, use: verdict, deviceType: verdict.deviceType, actor });
  };
}

/** WebAuthn §7.2, step 6: authenticators may leave the handle out only when the options named the passkeys. */
function ownerFault({ answer, userId }: PasskeyProof, passkey: Passkey): string | undefined {
  const { userHandle = null } = answer.response;
  if (userId !== undefined && passkey.userId !== userId) return 'passkey_of_another';
  if (userHandle === null) return userId === undefined ? 'passkey_user_handle' : undefined;
  const isOwn = decodeBase64url(userHandle)?.equals(userHandleOf(passkey.userId)) === true;
  return isOwn ? undefined : 'passkey_user_handle';
}

function proved(
  parts: ProvePasskeyParts,
  found: {
    readonly user: User;
    readonly passkey: Passkey;
    readonly use: PasskeyUse;
    readonly deviceType: Passkey['deviceType'];
    readonly actor: Actor;
  },
): ProvedPasskey {
  const { user, passkey, use, deviceType, actor } = found;
  let outcome: PasskeyUsed = 'gone';
  let isTold = false;
  return {
    user,
    passkey,
    // RFC 8176: a key that is synchronised is in software somewhere; `user` is the test of presence.
    amr: [deviceType === 'singleDevice' ? 'hwk' : 'swk', 'user'],
    openedBy: passkey.id,
    // The challenge is used up by then: the same answer sent twice is no clone.
    async commit(stores, now) {
      outcome = await stores.passkeys.use(passkey.id, use, now);
      if (outcome !== 'stepped_back') return outcome === 'used';
      // Here: when the end is late in effect, the caller gets an error. Once, although the database may run this twice.
      if (!isTold) parts.onCloned(passkey);
      isTold = true;
      await endCloned(parts, stores, { user, passkey, used: use.counter, actor, now });
      return 'refused';
    },
    refusal: () => (outcome === 'stepped_back' ? 'passkey_cloned' : undefined),
  };
}

/**
 * The user's id, as 16 bytes. Authenticators keep one passkey for each handle, and the Signal API names users by it, so all
 * passkeys of a user need the same one. It says nothing about the person (WebAuthn §14.6.1), and services know it as `sub`; a
 * separate handle would protect nothing.
 */
export function userHandleOf(userId: UserId): Uint8Array {
  return uuidBytes(userId);
}

async function endCloned(
  { notices }: Pick<ProvePasskeyParts, 'notices'>,
  stores: RevokingStores,
  cloned: {
    readonly user: User;
    readonly passkey: Passkey;
    readonly used: number;
    readonly actor: Actor;
    readonly now: number;
  },
): Promise<void> {
  const { user, passkey, used, actor, now } = cloned;
  const { id, userId } = passkey;
  await stores.users.lock(userId);
  const detail = { factor: id, counter: passkey.counter, used };
  await stores.audit.record({ type: 'passkey_cloned', actor, userId, reason: 'counter', detail }, now);
  await endSelected(stores, { userId, openedBy: id }, { reason: 'passkey_cloned', actor, now });
  const takesBack = { about: 'factor', factorId: id } as const;
  await notices(stores, user, 'passkey_cloned', { now, actor, factor: passkey.name, takesBack });
}
