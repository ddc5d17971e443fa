/** What must have happened on a stream by some time. Looked at a few times a second: a timer for each call would cost more than most calls do. */
import type { Clock } from '@countersign/verifier/clock';
import { grpcLimits } from './limits.ts';

export interface Awaited {
  /** On the monotonic clock. */
  readonly until: number;
  /** Called once, and a moment later than `until`. */
  tooLate(): void;
}

export interface Deadlines {
  add(awaited: Awaited): void;
  /** It has happened. */
  delete(awaited: Awaited): void;
  close(): void;
}

export function createDeadlines(clock: Pick<Clock, 'monotonic' | 'every'>): Deadlines {
  const all = new Set<Awaited>();
  const close = clock.every(grpcLimits.grpcLookMilliseconds, () => {
    const now = clock.monotonic();
    for (const awaited of all) {
      if (now < awaited.until) continue;
      all.delete(awaited);
      awaited.tooLate();
    }
  });
  return { add: (awaited) => void all.add(awaited), delete: (awaited) => void all.delete(awaited), close };
}
