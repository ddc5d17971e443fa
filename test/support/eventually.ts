/** The only place where a test waits: for a condition, never for a time. */
import { setTimeout as pause } from 'node:timers/promises';

const pollMilliseconds = 10;

/**
 * Asks until the answer is something other than `undefined` or `false`, and resolves with it. Rejects after
 * `milliseconds` with `what` and, if the last question threw, why.
 */
export async function eventually<T>(
  what: string,
  ask: () => T | Promise<T>,
  milliseconds = 10_000,
): Promise<Exclude<T, undefined | false>> {
  const deadline = performance.now() + milliseconds;
  let cause: unknown;
  do {
    try {
      const answer = await ask();
      if (answer !== undefined && answer !== false) return answer as Exclude<T, undefined | false>;
      cause = undefined;
    } catch (error) {
      cause = error;
    }
    await pause(pollMilliseconds);
  } while (performance.now() < deadline);
  const why = cause instanceof Error ? `: ${cause.message}` : '';
  throw new Error(`not within ${milliseconds} ms: ${what}${why}`, { cause });
}
