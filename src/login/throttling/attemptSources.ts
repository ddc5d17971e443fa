/** Finds the counts of a password attempt: the account and the place, as named in the store. */
import type { SessionId } from '@countersign/verifier/ids';
import type { Email } from '../../accounts/email.ts';
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

export interface AttemptSources {
  accountOf(email: Email): Uint8Array;
  sourceOf(email: Email, place: Place): AttemptSource;
}

export function createAttemptSources(keyedHash: KeyedHash): AttemptSources {
  const accountOf = (email: Email) => keyedHash('account', email);
  const strangers = keyedHash('strangers');
  return {
    accountOf,
    sourceOf(email, { ip, sessionId }) {
      const account = accountOf(email);
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
