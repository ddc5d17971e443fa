/**
 * Attempts that were no guess and could not be given back, since the database failed at that, too. They are given back before the
 * account's next attempt. Without this, a user whose right password met a crash of the database has to wait afterwards.
 */
import type { Database } from '../../database.ts';
import { loginLimits } from '../limits.ts';
import type { Attempt, AttemptSource } from './passwordFailures.ts';

export function createOwedAttempts({ passwordFailures }: Pick<Database, 'passwordFailures'>) {
  const owed = new Set<{ readonly source: AttemptSource; readonly counted: Attempt }>();

  /** Rejects when the database fails. */
  const settle = async (account: Uint8Array): Promise<void> => {
    // Of all places: they may share a count.
    const debts = [...owed].filter(({ source }) => Buffer.compare(source.account, account) === 0);
    for (const debt of debts) {
      // A concurrent call must not give it back again.
      if (!owed.delete(debt)) continue;
      try {
        await passwordFailures.giveBack(debt.source, debt.counted);
      } catch (error) {
        owed.add(debt);
        throw error;
      }
    }
  };

  return {
    settle,
    /** Gives the attempt back, now or later. Beyond the limit the oldest ones stay counted until the next success. */
    async giveBack(source: AttemptSource, counted: Attempt): Promise<void> {
      owed.add({ source, counted });
      await settle(source.account).catch(() => {});
      for (const debt of owed) if (owed.size > loginLimits.passwordAttemptsOwed) owed.delete(debt);
    },
  };
}
