/**
 * What is watched: messages for as long as the caller may see them. Both transports use it. A caller whose session ended, whose right
 * was taken away or whose token expired gets an error within `permissionMilliseconds`, and nothing more.
 */
import type { Clock } from '@countersign/verifier/clock';
import { transportLimits } from './limits.ts';

/** Nothing is new, and the stream is alive. */
export const heartbeat = Symbol('heartbeat');
export type Heartbeat = typeof heartbeat;

interface Watching {
  readonly clock: Pick<Clock, 'after' | 'monotonic'>;
  /** Nobody reads any more. */
  readonly isGone: () => boolean;
  /** Rejects when the caller may not go on. */
  readonly authorizeAgain: () => Promise<unknown>;
}

export async function* whilePermitted<Message>(
  { clock, isGone, authorizeAgain }: Watching,
  produce: () => AsyncIterable<Message>,
): AsyncGenerator<Message | Heartbeat> {
  const { permissionMilliseconds, heartbeatMilliseconds } = transportLimits;
  const messages = produce()[Symbol.asyncIterator]();
  let saidAt = clock.monotonic();
  try {
    let next = messages.next();
    while (!isGone()) {
      // A failure is thrown by the race; while nobody waits for it, it must not be an unhandled one.
      next.catch(() => {});
      const got = await orSoon(clock, permissionMilliseconds, next);
      await authorizeAgain();
      if (got?.done) return;
      const now = clock.monotonic();
      if (got !== undefined) next = messages.next();
      else if (now - saidAt < heartbeatMilliseconds) continue;
      saidAt = now;
      yield got === undefined ? heartbeat : got.value;
    }
  } finally {
    // Not awaited: the source may be waiting for something that never happens.
    void messages.return?.()?.catch(() => {});
  }
}

/** Undefined after this time. */
function orSoon<Value>(
  clock: Pick<Clock, 'after'>,
  milliseconds: number,
  value: Promise<Value>,
): Promise<Value | undefined> {
  return new Promise((resolve, reject) => {
    const cancel = clock.after(milliseconds, () => resolve(undefined));
    value.then(resolve, reject).finally(cancel);
  });
}
