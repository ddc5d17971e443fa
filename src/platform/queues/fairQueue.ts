/**
 * So much work at once. What waits is taken by turns of the places that it comes from, so that nobody waits for more than one of
 * each other place, however much one of them sends. Does not own what a place is.
 */
import type { Clock } from '@countersign/verifier/clock';
import { AuthorityError } from '@countersign/verifier/errors';

export interface Turn {
  readonly place: string;
  /** Has a line of its own, which is served first. */
  readonly first: boolean;
}

export interface FairQueue {
  /** Rejects with `overloaded`, and does not run `work`, when too many wait and this place has no fewer of them than others. */
  run<T>(turn: Turn, work: () => Promise<T>): Promise<T>;
  /** How many wait now. */
  waiting(): number;
}

/** So many of those that are first, and then one of the others: they must get on, too. */
const firstInRow = 3;

/**
 * `waiting`: how many may wait in each of the two lines. `reason`: why one is refused, for metrics. `patience`: for how long one
 * waits before it is refused; without it, for as long as it takes.
 */
export function createFairQueue(parts: {
  readonly atOnce: number;
  readonly waiting: number;
  readonly reason: string;
  readonly patience?: { readonly clock: Pick<Clock, 'after'>; readonly milliseconds: number };
}): FairQueue {
  const { atOnce, waiting, reason, patience } = parts;
  const [first, others] = [createLine(waiting), createLine(waiting)];
  let running = 0;
  let inRow = 0;

  const next = () => {
    const ofOthers = inRow >= firstInRow ? others.next() : undefined;
    const ofFirst = ofOthers === undefined ? first.next() : undefined;
    inRow = ofFirst === undefined ? 0 : inRow + 1;
    return ofOthers ?? ofFirst ?? others.next();
  };
  const wait = (turn: Turn) =>
    new Promise<void>((start, reject) => {
      const line = turn.first ? first : others;
      const giveUp = () => {
        line.remove(turn.place, waiter);
        waiter.refuse();
      };
      const cancel = patience?.clock.after(patience.milliseconds, giveUp) ?? (() => {});
      const waiter = {
        start() {
          cancel();
          start();
        },
        refuse() {
          cancel();
          reject(new AuthorityError('overloaded', { retryAfterSeconds: 1, reason }));
        },
      };
      line.add(turn.place, waiter);
    });

  return {
    async run(turn, work) {
      if (running < atOnce) running += 1;
      else await wait(turn);
      try {
        return await work();
      } finally {
        // Whoever is next takes this place over.
        const waiter = next();
        if (waiter === undefined) running -= 1;
        else waiter.start();
      }
    },
    waiting: () => first.size() + others.size(),
  };
}

interface Waiter {
  readonly start: () => void;
  readonly refuse: () => void;
}

function createLine(atMost: number) {
  /** Those of each place, in the order of the places' turns. */
  const places = new Map<string, Waiter[]>();
  let size = 0;
  return {
    size: () => size,
    /** Without room, the last one of the place with the most gives way, unless this place would then have as many. */
    add(place: string, waiter: Waiter): void {
      const own = places.get(place) ?? [];
      if (size >= atMost) {
        const longest = longestOf(places);
        if (longest === undefined || longest.length <= own.length + 1) {
          waiter.refuse();
          return;
        }
        longest.pop()?.refuse();
        size -= 1;
      }
      own.push(waiter);
      places.set(place, own);
      size += 1;
    },
    remove(place: string, waiter: Waiter): void {
      const left = (places.get(place) ?? []).filter((each) => each !== waiter);
      if (left.length > 0) places.set(place, left);
      else places.delete(place);
      size -= 1;
    },
    next(): Waiter | undefined {
      for (const [place, [waiter, ...rest]] of places) {
        // To the end of the row of places.
        places.delete(place);
        if (rest.length > 0) places.set(place, rest);
        size -= 1;
        return waiter;
      }
      return undefined;
    },
  };
}

function longestOf(places: ReadonlyMap<string, Waiter[]>): Waiter[] | undefined {
  let longest: Waiter[] | undefined;
  for (const waiters of places.values()) if (waiters.length > (longest?.length ?? 0)) longest = waiters;
  return longest;
}
