/** Undoes the whole transaction of a proof that another request used first. */
class UsedMeanwhile extends Error {}

/** Call in a transaction that runs under `unlessUsedMeanwhile`. */
export function requireUnused(isUnused: boolean): void {
  if (!isUnused) throw new UsedMeanwhile('the proof was used meanwhile');
}

/** Undefined when the transaction was undone. */
export async function unlessUsedMeanwhile<T>(transaction: Promise<T>): Promise<T | undefined> {
  try {
    return await transaction;
  } catch (error) {
    if (error instanceof UsedMeanwhile) return undefined;
    throw error;
  }
}
