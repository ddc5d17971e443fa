/**
 * Time: the only source of clocks and timers. Rules are given `now`; parts that wait are given a `Clock`, so that tests control
 * time.
 */

/** Stops a timer; calling it again does nothing. */
export type Cancel = () => void;

export interface Clock {
  /** Wall-clock time in milliseconds since the Unix epoch. May jump in either direction. */
  now(): number;
  /** Milliseconds of a monotonic clock; only differences have meaning. */
  monotonic(): number;
  /** Runs `task` once, no earlier than `milliseconds` from now. Does not keep the process alive. */
  after(milliseconds: number, task: () => void): Cancel;
  /** Runs `task` every `milliseconds`; runs never overlap. Does not keep the process alive. */
  every(milliseconds: number, task: () => Promise<void> | void): Cancel;
}

export const systemClock: Clock = {
  now: () => Date.now(),
  monotonic: () => performance.now(),
  after(milliseconds, task) {
    const timer = setTimeout(task, milliseconds).unref();
    return () => clearTimeout(timer);
  },
  every(milliseconds, task) {
    let running = false;
    const run = async () => {
      if (running) return;
      running = true;
      try {
        await task();
      } finally {
        running = false;
      }
    };
    const timer = setInterval(() => void run(), milliseconds).unref();
    return () => clearInterval(timer);
  },
};

/** Runs `task` once at the end of this turn of the event loop, after everything that arrived together is handled. */
export function atEndOfTurn(task: () => void): Cancel {
  const immediate = setImmediate(task);
  return () => clearImmediate(immediate);
}

/** Keeps the process alive until cancelled, as an open connection would. */
export function keepAlive(): Cancel {
  const longest = 2 ** 31 - 1;
  const timer = setInterval(() => {}, longest);
  return () => clearInterval(timer);
}

/** One moment on both clocks of this machine. */
export interface Moment {
  readonly monotonic: number;
  readonly wall: number;
}

export function momentOf(clock: Pick<Clock, 'now' | 'monotonic'>): Moment {
  return { monotonic: clock.monotonic(), wall: clock.now() };
}

/** Milliseconds since `from`, by the clock that shows more: only the wall clock may count a suspended machine's time. */
export function elapsedSince(from: Moment, clock: Pick<Clock, 'now' | 'monotonic'>): number {
  return elapsedBetween(from, momentOf(clock));
}

/** As `elapsedSince`, when the clocks were read already. */
export function elapsedBetween(from: Moment, to: Moment): number {
  return Math.max(to.monotonic - from.monotonic, to.wall - from.wall);
}

/** NumericDate (RFC 7519 §2): whole seconds since the Unix epoch, rounded down. */
export function numericDate(milliseconds: number): number {
  return Math.floor(milliseconds / 1000);
}

/** RFC 3339 in UTC with milliseconds. */
export function rfc3339(milliseconds: number): string {
  return new Date(milliseconds).toISOString();
}

/** Resolves with the work's result, or rejects with `onTimeout()` when it has not settled in time. */
export async function withDeadline<T>(
  clock: Clock,
  milliseconds: number,
  work: Promise<T>,
  onTimeout: () => Error,
): Promise<T> {
  let cancel: Cancel = () => {};
  const deadline = new Promise<never>((_, reject) => {
    cancel = clock.after(milliseconds, () => reject(onTimeout()));
  });
  try {
    return await Promise.race([work, deadline]);
  } finally {
    cancel();
  }
}
