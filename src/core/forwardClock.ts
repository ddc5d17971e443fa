import type { Clock } from './clock.ts';
import { limits } from './limits.ts';

/**
 * A clock whose wall time never steps back: tokens that have expired stay so, and what was forgotten because nobody could
 * use it any more is not needed again (J23). When the machine's clock is set back, this one goes on as if it had not been,
 * until the machine's has caught up or the process is started again. `onStepBack` is told by how many milliseconds the
 * machine's is behind, each time that it is read; it should wake somebody, since other processes may follow the machine.
 */
export function createForwardClock(machine: Clock, onStepBack: (milliseconds: number) => void): Clock {
  let at = { wall: machine.now(), monotonic: machine.monotonic() };
  return {
    ...machine,
    now() {
      const read = { wall: machine.now(), monotonic: machine.monotonic() };
      const expected = at.wall + (read.monotonic - at.monotonic);
      // A clock that is slewed runs a little slower or faster than the other, and is followed.
      if (expected - read.wall > limits.clockSlewMilliseconds) {
        onStepBack(expected - read.wall);
        return Math.floor(expected);
      }
      at = { wall: Math.max(read.wall, at.wall), monotonic: read.monotonic };
      return at.wall;
    },
  };
}
