/** A commit that fails: nothing is acknowledged on it. */
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { PGlite } from '@electric-sql/pglite';
import { PrismaPGlite } from 'pglite-prisma-adapter';
import t, { type Test } from 'tap';
import { guardCommits } from '../../../src/storage/postgres/commitGuard.ts';
import { PrismaClient } from '../../../src/storage/postgres/generated/client.ts';
import { eventually } from '../../support/eventually.ts';
import { copyOfEmbeddedDatabase } from '../../support/pglite.ts';
import { openSharedDatabase } from '../../support/sharedDatabase.ts';

async function openEmbedded(t: Test): Promise<PGlite> {
  const folder = await copyOfEmbeddedDatabase({ empty: true });
  const pglite = await PGlite.create(join(folder, 'postgres'));
  t.teardown(async () => {
    await pglite.close();
    await rm(folder, { recursive: true, force: true });
  });
  return pglite;
}

t.test('embedded: it is told, and its transaction never resolves', async (t) => {
  const pglite = await openEmbedded(t);
  // A deferred constraint is checked by COMMIT itself.
  await pglite.exec('CREATE TABLE late (id int UNIQUE DEFERRABLE INITIALLY DEFERRED)');
  const faults: unknown[] = [];
  const guarded = guardCommits(pglite, (fault) => faults.push(fault));
  const prisma = new PrismaClient({ adapter: new PrismaPGlite(guarded) });
  const insert = (...ids: readonly number[]) =>
    prisma.$transaction(async (connection) => {
      for (const id of ids) await connection.$executeRaw`INSERT INTO late VALUES (${id})`;
    });

  await insert(1, 2);
  t.equal(faults.length, 0, 'a good commit passes');
  await t.rejects(
    prisma.$transaction((connection) => connection.$executeRaw`SELECT 1 / 0`),
    'a failed statement rejects',
  );
  t.equal(faults.length, 0, 'and is no fault of a commit');

  let resolved = false;
  insert(3, 3).then(
    () => {
      resolved = true;
    },
    () => {},
  );
  await eventually('the fault is told', () => faults.length === 1);
  t.match(faults[0], { code: '23505' });
  const { rows } = await pglite.query('SELECT id FROM late ORDER BY id');
  t.strictSame(rows, [{ id: 1 }, { id: 2 }]);
  t.equal(resolved, false, 'nobody was told that it is stored');
});

t.test('a statement by itself is a transaction, and its commit is part of its answer', async (t) => {
  const pglite = await openEmbedded(t);
  const embedded = new PrismaClient({
    adapter: new PrismaPGlite(guardCommits(pglite, (fault) => t.fail(`${fault}`))),
  });
  const { engine } = await openSharedDatabase(t);
  for (const [name, prisma] of Object.entries({ embedded, server: engine.prisma })) {
    await prisma.$executeRaw`CREATE TABLE late (id int UNIQUE DEFERRABLE INITIALLY DEFERRED)`;
    const insert = (one: number, other: number) =>
      prisma.$queryRaw`WITH done AS (INSERT INTO late VALUES (${one}), (${other}) RETURNING id) SELECT id FROM done`;
    t.strictSame(await insert(1, 2), [{ id: 1 }, { id: 2 }], name);
    await t.rejects(insert(3, 3), /late_id_key|23505/, `${name}: it fails with its commit`);
    t.strictSame(await prisma.$queryRaw`SELECT id FROM late ORDER BY id`, [{ id: 1 }, { id: 2 }]);
  }
});
