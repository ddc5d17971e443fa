/** Passkeys as a second factor and in step-up: their row in the table of kinds. */
import { AuthorityError } from '@countersign/verifier/errors';
import type { UserId } from '@countersign/verifier/ids';
import type { Database, Stores } from '../../database.ts';
import type { FactorKind } from '../factors/factors.ts';
import { hasWayIn } from './lastWayIn.ts';
import type { Passkey } from './passkey.ts';
import { newChallenge } from './passkeyLogin.ts';
import type { ProvePasskey } from './provePasskey.ts';
import type { RelyingParty, RequireRelyingParty } from './relyingParty.ts';
import { type AssertionAnswer, requestOptions } from './webauthn.ts';

export interface PasskeyKindParts {
  readonly database: Pick<Database, 'passkeys'>;
  /** Undefined without a host name in ISSUER. */
  readonly relyingParty: RelyingParty | undefined;
  readonly requireRelyingParty: RequireRelyingParty;
  readonly provePasskey: ProvePasskey;
  /** Names of the providers that users may sign in with. */
  readonly providerNames: readonly string[];
}

export function createPasskeyKind(parts: PasskeyKindParts): FactorKind {
  const { database, relyingParty, requireRelyingParty, provePasskey } = parts;
  const ways = { rpId: relyingParty?.id, providers: parts.providerNames };
  /** Those of another host work nowhere here. */
  const usable = async (
    { passkeys }: Pick<Stores, 'passkeys'>,
    userId: UserId,
  ): Promise<readonly Passkey[]> =>
    (await passkeys.list(userId)).filter(({ rpId }) => rpId === relyingParty?.id);

  return {
    name: 'passkey',
    member: 'credential',
    standsAlone: true,
    // Also those of another host: a changed ISSUER must not take the second factor away. Then a recovery code helps, or support.
    isUsable: async ({ passkeys }, { id }) => (await passkeys.list(id)).length > 0,

    async start({ id }) {
      const challenge = newChallenge();
      const expected = { challenge, relyingParty: requireRelyingParty() };
      const options = await requestOptions(expected, await usable(database, id));
      return { answer: { options }, detail: { challenge } };
    },

    async verify(user, { value }, underWay, _now, actor) {
      const challenge = underWay?.detail['challenge'];
      if (typeof challenge !== 'string') return { refused: 'not_started' };
      // The route's schema has checked its form.
      const answer = value as AssertionAnswer;
      return provePasskey({ answer, challenge, userId: user.id }, actor);
    },

    async list({ passkeys }, userId) {
      const listed = await passkeys.list(userId);
      return listed.map(({ id, name, createdAt, lastUsedAt, ...passkey }) => ({
        ...{ id, name, createdAt, lastUsedAt },
        passkey: {
          backedUp: passkey.backedUp,
          deviceType: passkey.deviceType,
          ...{ transports: passkey.transports, credentialId: passkey.credentialId, rpId: passkey.rpId },
        },
      }));
    },

    async remove(stores, userId, id, alsoLast = false) {
      const removed = await stores.passkeys.remove(userId, id);
      if (alsoLast) return removed;
      // Already locked; read with the lock held.
      const user = removed ? await stores.users.lock(userId) : undefined;
      if (user !== undefined && !(await hasWayIn(stores, user, ways)))
        throw new AuthorityError('last_way_in', {
          detail: 'Set a password or add another passkey first, then remove this one.',
        });
      return removed;
    },

    forget: ({ passkeys }, userId) => passkeys.forget(userId),
  };
}
