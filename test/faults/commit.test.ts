/** A COMMIT of the embedded database that fails: nothing is acknowledged on it. */
import { PGlite } from '@electric-sql/pglite';
import { PrismaPGlite } from 'pglite-prisma-adapter';
import t from 'tap';
import { guardCommits } from '../../src/storage/postgres/commitGuard.ts';
import { PrismaClient } from '../../src/storage/postgres/generated/client.ts';
import { eventually } from '../support/eventually.ts';

t.test('it is told, and its transaction never resolves', async (t) => {
  const pglite = await PGlite.create();
  t.teardown(() => pglite.close());
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
