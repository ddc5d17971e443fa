/**
 * The pool of connections to a server. Where the server, or the limit of the role, gives fewer than it would like, it makes do
 * with those it has: callers wait for one of them, and are refused only when there is none.
 */
import pg from 'pg';
import { systemClock } from '../../core/clock.ts';
import { limits } from '../../core/limits.ts';
import { isOutOfConnections } from './faults.ts';

type Connected = (error: Error | undefined, client: pg.PoolClient | undefined, release: () => void) => void;

export function createPool(config: pg.PoolConfig): pg.Pool {
  return new ModestPool(config);
}

class ModestPool extends pg.Pool {
  readonly #most = this.options.max;
  #modestUntil = Number.NEGATIVE_INFINITY;

  override connect(): Promise<pg.PoolClient>;
  override connect(connected: Connected): void;
  override connect(connected?: Connected): Promise<pg.PoolClient> | undefined {
    const client = this.#connect();
    if (connected === undefined) return client;
    client.then(
      (got) => connected(undefined, got, (got as { release(): void }).release),
      (error) => connected(error, undefined, () => {}),
    );
    return undefined;
  }

  async #connect(): Promise<pg.PoolClient> {
    if (systemClock.monotonic() >= this.#modestUntil) this.options.max = this.#most;
    for (;;) {
      try {
        return await super.connect();
      } catch (error) {
        // What is left may itself be on the way to a refusal; then it comes back here with one less.
        if (!isOutOfConnections(error) || this.totalCount === 0) throw error;
        this.options.max = this.totalCount;
        this.#modestUntil = systemClock.monotonic() + limits.fewConnectionsMilliseconds;
      }
    }
  }
}
