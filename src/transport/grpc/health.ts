/** The standard health service: of all together, and of each service. */

import type { Clock } from '@countersign/verifier/clock';
import { serviceNames } from '@countersign/verifier/contract/contract';
import type { Server } from '@grpc/grpc-js';
import { HealthImplementation } from 'grpc-health-check';
import { grpcLimits } from './limits.ts';

export interface Health {
  /** From now on it says whether this node can answer. */
  start(): void;
  /** NOT_SERVING, for good. */
  drain(): void;
}

/** What callers ask about: the empty name is all together. */
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
 * Whoever watches a name that we do not have is told SERVICE_UNKNOWN, and nothing ever after. The library would keep an entry for each such
 * name, for ever, and anybody can make some up.
 */
function forgetMadeUpNames(health: HealthImplementation): void {
  const library = health as unknown as { addWatcher(name: string, watcher: unknown): void };
  const { addWatcher } = library;
  library.addWatcher = (name, watcher) => {
    if (names.includes(name)) addWatcher.call(library, name, watcher);
  };
}
