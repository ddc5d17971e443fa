/**
 * The pool of connections to a server. Where the server, or the limit of the role, gives fewer than it would like, it makes do
 * with those it has: callers wait for one of them, and are refused only when there is none. For a connection of its own that a
 * part of the node needs, it gives up one.
 */

import { systemClock } from '@countersign/verifier/clock';
import pg from 'pg';
import { isOutOfConnections } from './faults.ts';
import { postgresLimits } from './limits.ts';

type Connected = (error: Error | undefined, client: pg.PoolClient | undefined, release: Release) => void;
type Release = (destroy?: Error | boolean) => void;

export class ModestPool extends pg.Pool {
  readonly #most = this.options.max;
  #modestUntil = Number.NEGATIVE_INFINITY;
  /** Connected, and not gone: others are counted by the pool as well, and may be on the way to a refusal. */
  readonly #live = new Set<pg.PoolClient>();

  constructor(config: pg.PoolConfig) {
    super(config);
    this.on('connect', (client) => this.#live.add(client));
    this.on('remove', (client) => this.#live.delete(client));
  }

  override connect(): Promise<pg.PoolClient>;
  override connect(connected: Connected): void;
  override connect(connected?: Connected): Promise<pg.PoolClient> | undefined {
    const client = this.#lend();
    if (connected === undefined) return client;
    client.then(
      (got) => connected(undefined, got, got.release),
      (error) => connected(error, undefined, () => {}),
    );
    return undefined;
  }

  /** Runs `connect`; when there is no connection left for it, gives up one of its own, and runs it again. */
  async makeRoomFor<T>(connect: () => Promise<T>): Promise<T> {
    for (;;) {
      try {
        return await connect();
      } catch (error) {
        // The last one stays: whoever has all but this can do nothing with it either.
        if (!isOutOfConnections(error) || this.#live.size <= 1) throw error;
        await this.#giveUpOne();
      }
    }
  }

  async #giveUpOne(): Promise<void> {
    this.#makeDo(this.#live.size);
    const client = await super.connect();
    // Only then has the server let go of it.
    const removed = new Promise<void>((resolve) => void this.once('remove', () => resolve()));
    this.#makeDo(this.#live.size - 1);
    client.release(true);
    await removed;
  }

  async #lend(): Promise<pg.PoolClient> {
    if (systemClock.monotonic() >= this.#modestUntil) this.options.max = this.#most;
    for (;;) {
      try {
        return await super.connect();
      } catch (error) {
        if (!isOutOfConnections(error) || this.#live.size === 0) throw error;
        // As many as there are: it waits for one of them, for as long as anybody waits for a connection.
        this.#makeDo(this.#live.size);
      }
    }
  }

  #makeDo(connections: number): void {
    this.options.max = Math.max(1, connections);
    this.#modestUntil = systemClock.monotonic() + postgresLimits.fewConnectionsMilliseconds;
  }
}
