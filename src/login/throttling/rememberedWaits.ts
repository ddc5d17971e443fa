/**
 * Accounts and places recently told to wait: a repetition within a second is refused without a query. Not remembered for longer,
 * because another node may have ended the wait.
 */
import type { Clock } from '@countersign/verifier/clock';
import { LRUCache } from 'lru-cache';
import { loginLimits } from '../limits.ts';
import type { AttemptSource, Failures } from './passwordFailures.ts';

export interface RememberedWaits {
  add(source: AttemptSource, failures: Failures): void;
  /** The failures to wait for; undefined when none are remembered. */
  find(source: AttemptSource): Failures | undefined;
  /** Forgets the account's waits in every place. Other nodes forget within a second. */
  forget(account: Uint8Array): void;
}

export function createRememberedWaits(clock: Clock): RememberedWaits {
  const waits = new LRUCache<string, { readonly failures: Failures; readonly at: number }>({
    max: loginLimits.passwordWaitsRemembered,
  });
  return {
    add: (source, failures) => void waits.set(nameOf(source), { failures, at: clock.now() }),
    find(source) {
      const wait = waits.get(nameOf(source));
      if (wait === undefined) return undefined;
      const since = clock.now() - wait.at;
      return since >= 0 && since < loginLimits.passwordWaitsMilliseconds ? wait.failures : undefined;
    },
    forget(account) {
      const prefix = accountName(account);
      for (const name of [...waits.keys()]) if (name.startsWith(prefix)) waits.delete(name);
    },
  };
}

/** Joins account and place into one key. */
export function nameOf({ account, place }: AttemptSource): string {
  return accountName(account) + Buffer.from(place).toString('base64url');
}

function accountName(account: Uint8Array): string {
  return `${Buffer.from(account).toString('base64url')} `;
}
