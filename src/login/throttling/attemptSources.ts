/** Finds the counts of a password attempt: the account and the place, as named in the store. */
import type { SessionId } from '@countersign/verifier/ids';
import type { Email } from '../../accounts/email.ts';
import type { Phone } from '../../accounts/phone/phoneNumber.ts';
import { ipNetwork } from '../../platform/ipAddress.ts';
import type { KeyedHash } from '../../platform/keyedHash.ts';
import { platformLimits } from '../../platform/limits.ts';
import type { Attempt, AttemptSource } from './passwordFailures.ts';

/** An address, and the session of a logged-in caller. */
export interface Place {
  readonly ip: string | undefined;
  readonly sessionId?: SessionId;
}

/** A known network, a session, or all other places together. */
export type CountedAs = 'network' | 'session' | 'strangers';

/** What a login names: an e-mail, or the number that a code went to. Each has counts of its own. */
export type LoginName = Email | Phone;

export interface AttemptSources {
  accountOf(name: LoginName): Uint8Array;
  sourceOf(name: LoginName, place: Place): AttemptSource;
}

export function createAttemptSources(keyedHash: KeyedHash): AttemptSources {
  const accountOf = (name: LoginName) => keyedHash('account', name);
  const strangers = keyedHash('strangers');
  return {
    accountOf,
    sourceOf(name, { ip, sessionId }) {
      const account = accountOf(name);
      if (sessionId !== undefined) {
        const session = keyedHash('session', sessionId);
        return { account, place: session, strangers: session };
      }
      if (ip === undefined) return { account, place: strangers, strangers };
      return { account, place: keyedHash('network', ipNetwork(ip, platformLimits.knownNetwork)), strangers };
    },
  };
}

export function countedAs({ source }: Attempt, from: AttemptSource, { sessionId }: Place): CountedAs {
  if (sessionId !== undefined) return 'session';
  return source === 'strangers' || from.place === from.strangers ? 'strangers' : 'network';
}
