/**
 * The pool of a server's connections. When the server or role limit allows fewer, it works with those: callers wait for one, and
 * are refused only when there is none. It gives one up when a part of the node needs a separate connection.
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
  /** Connected clients. The pool's own count includes ones that may still be refused. */
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

  /** Runs `connect`; without a free connection, gives up one of its own and tries again. */
  async makeRoomFor<T>(connect: () => Promise<T>): Promise<T> {
    for (;;) {
      try {
        return await connect();
      } catch (error) {
        // Keeps the last one: without it the node could do nothing.
        if (!isOutOfConnections(error) || this.#live.size <= 1) throw error;
        await this.#giveUpOne();
      }
    }
  }

  async #giveUpOne(): Promise<void> {
    this.#makeDo(this.#live.size);
    const client = await super.connect();
    // Only then has the server released it.
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
        // Limited to the existing ones: callers wait for one of them.
        this.#makeDo(this.#live.size);
      }
    }
  }

  #makeDo(connections: number): void {
    this.options.max = Math.max(1, connections);
    this.#modestUntil = systemClock.monotonic() + postgresLimits.fewConnectionsMilliseconds;
  }
}
