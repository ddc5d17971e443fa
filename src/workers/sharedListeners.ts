/**
 * The listeners that this process holds for its workers. node:cluster opens one when the first worker listens, accepts its connections
 * here, passes them on, and closes it when the last worker stops listening. Two kinds of connections would be lost: those on
 * their way to the last worker, so this process closes listeners first; and those that were being passed to a worker that died, whose
 * clients would wait for ever. node:cluster has no functions for this, so its handles are noticed when they are made
 * (`test/workers/sharedListeners.test.ts` fails when that changes).
 */
import { createHook } from 'node:async_hooks';
import type { Clock } from '@countersign/verifier/clock';
import { betweenConnections } from '../transport/stopListening.ts';
import { workerLimits } from './limits.ts';

export interface SharedListeners {
  /** A worker ended: what was being passed to it is closed soon. */
  workerEnded(): void;
  /** Accepts no more connections; what was accepted still goes to workers. Resolves after the close. */
  close(): Promise<void>;
}

interface Handle {
  /** Negative once closed: a worker has the connection. */
  readonly fd: number;
  close(): void;
}

interface Accepted {
  readonly handle: Handle;
  readonly at: number;
}

/** Call when this process has opened its own listeners. */
export function watchSharedListeners(clock: Pick<Clock, 'monotonic' | 'every'>): SharedListeners {
  /** By the ids of async hooks. */
  const listeners = new Map<number, Handle>();
  let accepted: readonly Accepted[] = [];
  let passedAt = 0;
  let endedAt: number | undefined;
  const fresh: Accepted[] = [];
  createHook({
    init(id, type, trigger, resource) {
      if (type === 'TCPSERVERWRAP') listeners.set(id, resource as Handle);
      if (type === 'TCPWRAP' && listeners.has(trigger))
        fresh.push({ handle: resource as Handle, at: clock.monotonic() });
    },
  }).enable();

  clock.every(workerLimits.sweepMilliseconds, () => {
    const all = [...accepted, ...fresh.splice(0)];
    for (const { handle, at } of all) if (handle.fd < 0) passedAt = Math.max(passedAt, at);
    accepted = all.filter(({ handle }) => handle.fd >= 0);
    if (endedAt === undefined || clock.monotonic() - endedAt < workerLimits.passingMilliseconds) return;
    // They are passed in order: if a later one was, an earlier one does not wait any more.
    const before = Math.min(endedAt, passedAt);
    for (const { handle, at } of accepted) if (at < before) handle.close();
  });

  let closed: Promise<void> | undefined;
  const closeAll = async () => {
    await betweenConnections(clock);
    for (const listener of listeners.values()) listener.close();
  };
  return {
    workerEnded() {
      endedAt = clock.monotonic();
    },
    close: () => (closed ??= closeAll()),
  };
}
