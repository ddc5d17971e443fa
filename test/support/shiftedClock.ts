import { type Clock, systemClock } from '@countersign/verifier/clock';

export interface ShiftedClock extends Clock {
  /** Moves wall-clock time, forward or back; timers go on as they are. */
  shift(milliseconds: number): void;
}

/** Real time, moved: for rules that compare what was written with what it is now. */
export function createShiftedClock(): ShiftedClock {
  let offset = 0;
  return {
    ...systemClock,
    now: () => systemClock.now() + offset,
    shift(milliseconds) {
      offset += milliseconds;
    },
  };
}

/** The clock, but timers of exactly this time run at once: for a job whose interval a test need not wait for. */
export function hurried<Given extends Clock>(clock: Given, milliseconds: number): Given {
  const soon = (given: number) => (given === milliseconds ? 50 : given);
  return { ...clock, after: (given, task) => clock.after(soon(given), task) };
}
