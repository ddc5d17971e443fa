/**
 * A concurrency limit with a fair queue: places take turns, so a caller waits for at most one item of each other place, however
 * much one sends. Does not own what a place is.
 */
import type { Clock } from '@countersign/verifier/clock';
import { AuthorityError } from '@countersign/verifier/errors';

export interface Turn {
  readonly place: string;
  /** Queues in a separate line that is served first. */
  readonly first: boolean;
}

export interface FairQueue {
  /**
   * Rejects with `overloaded`, without running `work`, when the queue is full and this place has as many waiting as any other.
   */
  run<T>(turn: Turn, work: () => Promise<T>): Promise<T>;
  /** Number of waiting calls. */
  waiting(): number;
}

/** After this many from the first line, one from the other: that line must advance too. */
const firstInRow = 3;

/**
 * `waiting`: the maximum in each line. `reason`: of a refusal, for metrics. `patience`: the longest wait before a refusal;
 * unlimited without it.
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
        // The next waiter takes over this slot.
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
  /** Waiters of each place; places in order of their turns. */
  const places = new Map<string, Waiter[]>();
  let size = 0;
  return {
    size: () => size,
    /** When full, the last waiter of the longest place gives way, unless this place would then be as long. */
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
        // Moves the place to the end.
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
