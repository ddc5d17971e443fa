/**
 * Batches many callers' items into few runs: a free run starts at once; items that arrive while all are busy form the next batch.
 * So batches grow with the load.
 */
import { AuthorityError } from '@countersign/verifier/errors';

export interface BatchLimits {
  /** Concurrent runs, so that a slow one does not hold up everybody. */
  readonly atOnce: number;
  /** Items in one run. */
  readonly items: number;
  /** Waiting items; beyond them a call rejects with `overloaded` at once. */
  readonly waiting: number;
}

/** `run` settles for all its items together. It may call `next` earlier to let another run start. */
export function createBatcher<Item>(
  limits: BatchLimits,
  run: (items: readonly Item[], next: () => void) => Promise<void>,
): (item: Item) => Promise<void> {
  const waiting: { readonly item: Item; readonly settle: (outcome: Promise<void>) => void }[] = [];
  let running = 0;

  const start = () => {
    if (running >= limits.atOnce || waiting.length === 0) return;
    running += 1;
    let over = false;
    const next = () => {
      if (over) return;
      over = true;
      running -= 1;
      start();
    };
    const group = waiting.splice(0, limits.items);
    const outcome = run(
      group.map(({ item }) => item),
      next,
    ).finally(next);
    for (const { settle } of group) settle(outcome);
  };

  return (item) => {
    if (waiting.length >= limits.waiting)
      return Promise.reject(new AuthorityError('overloaded', { retryAfterSeconds: 1, reason: 'queue_full' }));
    return new Promise((settle) => {
      waiting.push({ item, settle });
      start();
    });
  };
}
