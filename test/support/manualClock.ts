/** A clock that stands still until a test moves it. */
import { setImmediate as nextTurn } from 'node:timers/promises';
import type { Clock } from '@countersign/verifier/clock';

export interface ManualClock extends Clock {
  /** Moves time on, running each timer at its own moment and letting what it started settle before the next. */
  advance(milliseconds: number): Promise<void>;
  /** Sets the wall clock forward, or back; the monotonic one does not notice. */
  stepWall(milliseconds: number): void;
  /** As when the process is stopped for so long: timers that became due run later, each once. */
  standStill(milliseconds: number): void;
  /** Lets promises settle while time stands still. */
  settle(): Promise<void>;
  /** How many timers are set: what has been answered must leave none. */
  timers(): number;
}

interface Timer {
  dueAt: number;
  readonly everyMs: number | undefined;
  readonly task: () => void;
}

/** `start`: its wall-clock time in milliseconds since the Unix epoch. */
export function createManualClock(start: number): ManualClock {
  const timers = new Set<Timer>();
  let elapsed = 0;
  let stepped = 0;

  const set = (timer: Timer) => {
    timers.add(timer);
    return () => void timers.delete(timer);
  };

  /** The earliest timer that is due by then; of those due together, the one that was set first. */
  const nextDue = (until: number): Timer | undefined => {
    let next: Timer | undefined;
    for (const timer of timers) {
      if (timer.dueAt <= until && (next === undefined || timer.dueAt < next.dueAt)) next = timer;
    }
    return next;
  };

  const fire = (timer: Timer) => {
    elapsed = Math.max(elapsed, timer.dueAt);
    if (timer.everyMs === undefined) timers.delete(timer);
    else timer.dueAt += timer.everyMs;
    timer.task();
  };

  return {
    now: () => start + elapsed + stepped,
    monotonic: () => elapsed,
    after: (milliseconds, task) => set({ dueAt: elapsed + milliseconds, everyMs: undefined, task }),

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
      return set({ dueAt: elapsed + milliseconds, everyMs: milliseconds, task: () => void run() });
    },

    async advance(milliseconds) {
      const until = elapsed + milliseconds;
      await nextTurn();
      for (let timer = nextDue(until); timer !== undefined; timer = nextDue(until)) {
        fire(timer);
        await nextTurn();
      }
      elapsed = until;
    },

    stepWall(milliseconds) {
      stepped += milliseconds;
    },

    standStill(milliseconds) {
      elapsed += milliseconds;
      for (const timer of timers) timer.dueAt = Math.max(timer.dueAt, elapsed);
    },

    settle: () => nextTurn(),
    timers: () => timers.size,
  };
}
