/**
 * The listeners that this process holds for its workers. node:cluster opens one when the first worker listens, accepts its connections
 * here, and closes it when the last worker stops listening: connections that are on their way to that worker would be lost. So
 * this process closes it first. node:cluster has no such function, so listeners are noticed when they are made
 * (`test/workers/stopping.test.ts` fails when that changes).
 */
import { createHook } from 'node:async_hooks';
import type { Clock } from '@countersign/verifier/clock';
import { betweenConnections } from '../transport/stopListening.ts';

export interface SharedListeners {
  /** Accepts no more connections; what was accepted still goes to workers. Resolves after the close. */
  close(): Promise<void>;
}

interface Listener {
  close(): void;
}

/** Call when this process has opened its own. */
export function watchSharedListeners(clock: Pick<Clock, 'monotonic'>): SharedListeners {
  const listeners: Listener[] = [];
  createHook({
    init(_id, type, _trigger, resource) {
      if (type === 'TCPSERVERWRAP') listeners.push(resource as Listener);
    },
  }).enable();
  let closed: Promise<void> | undefined;
  const closeAll = async () => {
    await betweenConnections(clock);
    for (const listener of listeners.splice(0)) listener.close();
  };
  return { close: () => (closed ??= closeAll()) };
}
