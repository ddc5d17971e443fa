/**
 * Many callers, each with an item of its own, and few runs: a call that finds a run free begins one at once; what comes while
 * all are busy is done in one go by the next. So a load that is too much for single runs makes larger ones.
 */
import { AuthorityError } from '@countersign/verifier/errors';

export interface BatchLimits {
  /** Runs at the same time, so that one that is held up does not hold up everybody. */
  readonly atOnce: number;
  /** Items in one run. */
  readonly items: number;
  /** Items that wait for a run; above this a call rejects with `overloaded` at once. */
  readonly waiting: number;
}

/**
 * `run` settles for all of its items alike. It calls `next` when another run may take its place, if that is before it has
 * settled.
 */
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
