/** The standard health service: overall and per service. */

import type { Clock } from '@countersign/verifier/clock';
import { serviceNames } from '@countersign/verifier/contract/definitions';
import type { Server } from '@grpc/grpc-js';
import { HealthImplementation } from 'grpc-health-check';
import { grpcLimits } from './limits.ts';

export interface Health {
  /** Starts reporting whether this node can answer. */
  start(): void;
  /** NOT_SERVING from now on. */
  drain(): void;
}

/** Names to ask about: the empty one means overall. */
const names = ['', ...serviceNames.map((name) => `countersign.v1.${name}`)];

export function createHealth(
  server: Server,
  parts: { readonly clock: Pick<Clock, 'every'>; readonly canAnswer: () => boolean },
): Health {
  const { clock, canAnswer } = parts;
  const health = new HealthImplementation(Object.fromEntries(names.map((name) => [name, 'NOT_SERVING'])));
  forgetMadeUpNames(health);
  health.addToServer(server);
  let said: 'SERVING' | 'NOT_SERVING' = 'NOT_SERVING';
  const say = (state: typeof said) => {
    if (state === said) return;
    said = state;
    for (const name of names) health.setStatus(name, state);
  };
  const look = () => say(canAnswer() ? 'SERVING' : 'NOT_SERVING');
  let stop = () => {};
  return {
    start() {
      look();
      stop = clock.every(grpcLimits.grpcHealthMilliseconds, look);
    },
    drain() {
      stop();
      say('NOT_SERVING');
    },
  };
}

/**
 * A watcher of an unknown name is told SERVICE_UNKNOWN once. The library would keep an entry for each such name for ever, and
 * anybody can invent some.
 */
function forgetMadeUpNames(health: HealthImplementation): void {
  const library = health as unknown as { addWatcher(name: string, watcher: unknown): void };
  const { addWatcher } = library;
  library.addWatcher = (name, watcher) => {
    if (names.includes(name)) addWatcher.call(library, name, watcher);
  };
}
