/** The migration runner, over PGlite and over a PostgreSQL server. */
import { cp, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { StartupError } from '@countersign/verifier/errors';
import t from 'tap';
import { migrate, migrationsFolder } from '../../src/storage/postgres/migrations.ts';
import { engines } from '../support/engines.ts';

const names = [
  '20261120000000_first_tables',
  '20261120120000_leases',
  '20261121000000_key_rotation',
  '20261121120000_named_requests',
  '20261122000000_session_context',
  '20261122100000_password_failures',
  '20261122200000_audit_chain',
  '20261123000000_few_password_failures',
  '20261124000000_password_failures_index',
  '20261129000000_deleted_sessions',
  '20261129000000_restorations',
  '20261130100000_service_tokens',
  '20261201000000_factors',
  '20261202000000_rights',
  '20261203000000_moving_in',
  '20261204000000_oauth',
  '20261204120000_authorization',
  '20261205000000_bound_sessions',
  '20261206000000_linked_identities',
  '20261207000000_bound_clients',
  '20261208000000_console_lists',
  '20261208120000_authorized_audiences',
];

for (const { name, embedded, open } of engines) {
  t.test(name, async (t) => {
    const { engine, dispose } = await open({ empty: true });
    t.teardown(dispose);
    const path = await mkdtemp(join(tmpdir(), 'migrations-'));
    t.teardown(() => rm(path, { recursive: true, force: true }));
    const folder = pathToFileURL(`${path}/`);
    const add = async (migration: string, sql: string) => {
      await mkdir(join(path, migration));
      await writeFile(join(path, migration, 'migration.sql'), sql);
    };
    await cp(migrationsFolder, folder, { recursive: true });
    const connection = await engine.connect();
    t.teardown(() => connection.close());
    const tables = () =>
      connection.query<{ name: string }>(
        `SELECT table_name AS name FROM information_schema.tables WHERE table_schema = 'public' AND table_name LIKE 'x%'`,
      );

    t.strictSame(await migrate(connection, 'public'), names, 'an empty database, in order');
    t.strictSame(await migrate(connection, 'public'), [], 'nothing is left to do');
    const kept = await connection.query<{ checksum: string; steps: number }>(
      'SELECT checksum, applied_steps_count AS steps FROM _prisma_migrations WHERE finished_at IS NOT NULL',
    );
    const asPrisma = { checksum: /^[0-9a-f]{64}$/, steps: 1 };
    t.match(
      kept,
      names.map(() => asPrisma),
      'kept as Prisma keeps them',
    );
    t.equal(new Set(kept.map(({ checksum }) => checksum)).size, names.length);

    await add('20270101000000_fails', 'CREATE TABLE x1 (id int); SELECT 1 / 0;');
    await t.rejects(migrate(connection, 'public', folder), /division by zero/);
    t.strictSame(await tables(), [], 'a migration that fails leaves nothing');
    await rm(join(path, '20270101000000_fails'), { recursive: true });

    await add('20270101000000_more', 'CREATE TABLE x2 (id int);');
    // Embedded there is one connection and one process: nobody else could migrate at the same time.
    const runners = embedded ? [connection] : [connection, await engine.connect(), await engine.connect()];
    const runs = await Promise.all(runners.map((runner) => migrate(runner, 'public', folder)));
    t.strictSame(runs.flat(), ['20270101000000_more'], 'those that start together apply it once');
    for (const runner of runners.slice(1)) await runner.close();

    await t.rejects(migrate(connection, 'public'), {
      name: 'StartupError',
      message: /newer than this code.*20270101000000_more/,
    });
    await writeFile(join(path, '20270101000000_more', 'migration.sql'), 'CREATE TABLE x3 (id int);');
    await t.rejects(migrate(connection, 'public', folder), StartupError, 'a changed migration is refused');
    await connection.query(`UPDATE _prisma_migrations SET finished_at = NULL WHERE migration_name = $1`, [
      names[0],
    ]);
    await t.rejects(migrate(connection, 'public', folder), {
      name: 'StartupError',
      message: /never finished/,
    });
  });
}
