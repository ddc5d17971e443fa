/** Deadlines of streams, checked a few times a second: a timer per call would cost more than most calls. */
import type { Clock } from '@countersign/verifier/clock';
import { grpcLimits } from './limits.ts';

export interface Awaited {
  /** On the monotonic clock. */
  readonly until: number;
  /** Called once, slightly after `until`. */
  tooLate(): void;
}

export interface Deadlines {
  add(awaited: Awaited): void;
  /** The awaited event happened. */
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
