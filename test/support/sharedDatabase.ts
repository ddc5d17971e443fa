/** A migrated database on a PostgreSQL server, as a node uses it, and as an operator would look at it. */
import { randomBytes } from 'node:crypto';
import type { Revocation } from '@countersign/verifier/revocation/revocation';
import pg from 'pg';
import type { Test } from 'tap';
import { openEngine } from '../../src/storage/postgres/engine.ts';
import { openSharedRevocations } from '../../src/storage/postgres/sharedRevocations.ts';
import { createStorage, migrateStorage } from '../../src/storage/postgres/storage.ts';
import { createMigratedDatabase } from './postgres.ts';

export async function openSharedDatabase(t: Test, url?: string) {
  const closing: (() => Promise<void>)[] = [];
  t.teardown(async () => {
    for (const close of closing.reverse()) await close();
  });
  const database = url === undefined ? await createMigratedDatabase() : { url, drop: async () => {} };
  closing.push(database.drop);
  const engine = await openEngine('', database.url);
  closing.push(engine.close);
  await migrateStorage(engine);

  /** As another node. */
  const openNode = (leaseMs = 5_000) => {
    const node = openSharedRevocations(engine, leaseMs);
    closing.push(node.close);
    return node;
  };
  /** A connection of the test's own; it may be lost with its server. */
  const connect = async () => {
    const client = new pg.Client({ connectionString: database.url });
    client.on('error', () => {});
    await client.connect();
    closing.push(() => client.end().catch(() => {}));
    return client;
  };
  return { engine, database: createStorage(engine).database, openNode, connect, ...openNode() };
}

/** That expire an hour from now by the machine's clock, which is the server's. */
export function liveRevocations(count: number, expiresAt = Date.now() + 3_600_000): Revocation[] {
  return Array.from({ length: count }, () => ({ subject: randomBytes(16), reason: 'logout', expiresAt }));
}

/** Subjects as text, in order. */
export function subjectsOf(revocations: readonly Revocation[]): string[] {
  return revocations.map(({ subject }) => Buffer.from(subject).toString('hex')).sort();
}
