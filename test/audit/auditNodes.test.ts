/** The chain of the audit log among many: transactions that take long, nodes that seal at once, dumps that are restored. */
import t, { type Test } from 'tap';
import { createSealAudit } from '../../src/audit/sealAudit.ts';
import type { Database } from '../../src/database.ts';
import { openEngine } from '../../src/storage/postgres/engine.ts';
import { createStorage } from '../../src/storage/postgres/storage.ts';
import { anEvent, verifierOf } from '../support/auditTables.ts';
import { createTestDatabase, startPostgres, useOwnPostgres } from '../support/postgres.ts';
import { openSharedDatabase } from '../support/sharedDatabase.ts';

async function record(database: Database, count: number): Promise<void> {
  for (let made = 0; made < count; made += 1) await database.audit.record(anEvent, Date.now());
}

await useOwnPostgres(t);

t.test('what a transaction wrote that was open during a seal is in a later one', async (t) => {
  const { database, connect } = await openSharedDatabase(t);
  const [seal, verify] = [createSealAudit({ database }), verifierOf({ database })];
  const [slow, other] = [await connect(), await connect()];
  const insert = `INSERT INTO audit_events (id, occurred_at, type, actor) VALUES (gen_random_uuid(), now(), 'x', 'x')`;
  await record(database, 2);
  await slow.query('BEGIN');
  await slow.query(insert);
  await record(database, 3);
  await other.query('BEGIN');
  await other.query(insert);
  t.match(await seal(), { outcome: 'sealed', seal: { events: 2 } }, 'only what nothing can come in front of');
  t.match(await seal(), { outcome: 'nothing' });
  t.match(await verify(), { events: 2, unsealed: 3 });
  await slow.query('COMMIT');
  t.match(await seal(), { outcome: 'sealed', seal: { events: 4 } }, 'it, and what was committed before it');
  await other.query('ROLLBACK');
  t.match(await seal(), { outcome: 'nothing' }, 'what was rolled back was never there');
  t.match(await verify(), { seals: 2, events: 6, unsealed: 0, fault: undefined });
});

t.test('a seal waits for nobody, and nobody for it', async (t) => {
  const { database, connect } = await openSharedDatabase(t);
  const client = await connect();
  await record(database, 1);
  await client.query('BEGIN');
  await client.query("SELECT pg_advisory_xact_lock($1, hashtext('public'))", [0x63736734]);
  t.match(await createSealAudit({ database })(), { outcome: 'elsewhere' }, 'another node is at it');
  await client.query('ROLLBACK');
  await database.transaction(async (stores) => {
    t.equal(await stores.advisoryLocks.take('sealing'), true);
    t.ok((await stores.auditLog.chainEnd()).unsealed.length > 0);
    await record(database, 1);
    t.match(await createSealAudit({ database })(), { outcome: 'elsewhere' });
  });
  t.match(await createSealAudit({ database })(), { outcome: 'sealed', seal: { number: 1, events: 2 } });
});

t.test('two nodes that seal all the time make one chain, of everything', async (t) => {
  const { url, drop } = await createTestDatabase();
  t.teardown(drop);
  const one = await openSharedDatabase(t, url);
  const engine = await openEngine('', url);
  t.teardown(engine.close);
  const nodes = [one.database, createStorage(engine).database];
  let recording = true;
  const outcomes = new Map<string, number>();
  const keepSealing = async (database: Database) => {
    const seal = createSealAudit({ database }, 7);
    for (let outcome = ''; recording || outcome !== 'nothing'; ) {
      outcome = (await seal()).outcome;
      outcomes.set(outcome, (outcomes.get(outcome) ?? 0) + 1);
    }
  };
  const recordMany = async () => {
    await Promise.all(nodes.flatMap((database) => Array.from({ length: 5 }, () => record(database, 40))));
    recording = false;
  };
  await Promise.all([recordMany(), ...nodes.map(keepSealing)]);
  const report = await verifierOf(one)();
  t.match(report, { events: 400, unsealed: 0, fault: undefined });
  t.ok(report.seals > 20, `${report.seals} seals`);
  t.equal(outcomes.get('sealed'), report.seals);
});

const columns = {
  audit_events:
    'id, occurred_at, type, actor, user_id, session_id, reason, request_id, ip, detail, origin, xid',
  audit_seals:
    'number, origin, from_xid, from_id, to_xid, to_id, events, events_hash, previous_hash, hash, sealed_at',
} as const;

type Client = Awaited<ReturnType<Awaited<ReturnType<typeof openSharedDatabase>>['connect']>>;

/** What dump and restore do with the rows. */
async function copyRows(from: Client, to: Client): Promise<void> {
  for (const [table, names] of Object.entries(columns)) {
    const texts = names.split(', ').map((name) => `${name}::text`);
    for (const row of (await from.query({ text: `SELECT ${texts.join()} FROM ${table}`, rowMode: 'array' }))
      .rows) {
      const places = row.map((_: unknown, index: number) => `$${index + 1}`).join();
      await to.query(`INSERT INTO ${table} (${names}) VALUES (${places})`, row);
    }
  }
}

async function burnTransactions(client: Client, count: number): Promise<void> {
  const burn = 'BEGIN; SELECT pg_current_xact_id(); ROLLBACK;';
  await client.query(burn.repeat(count));
}

t.test('a dump that is restored where transactions have lower ids is sealed on', async (t) => {
  const server = await startPostgres();
  t.teardown(() => server.stop());
  const [old, restored] = [await openSharedDatabase(t), await openSharedDatabase(t, server.url)];
  const [from, to] = [await old.connect(), await restored.connect()];
  await burnTransactions(from, 2_000);
  await record(old.database, 3);
  await createSealAudit(old)();
  await record(old.database, 2);
  const { head } = await verifierOf(old)();
  await copyRows(from, to);

  const [seal, verify] = [createSealAudit(restored), verifierOf(restored)];
  await record(restored.database, 4);
  const ids = async (client: Client, order: string) =>
    BigInt(
      (await client.query(`SELECT e.xid::text FROM audit_events AS e ORDER BY e.xid ${order} LIMIT 1`))
        .rows[0].xid,
    );
  t.ok((await ids(to, '')) < (await ids(from, '')), 'new rows have ids that were sealed');
  t.match(
    await verify(head),
    { seals: 1, events: 3, unsealed: 6, fault: undefined },
    'which is no tampering',
  );
  t.match(
    await seal(),
    { outcome: 'sealed', seal: { number: 2, events: 2 }, more: true },
    'what was left first',
  );
  t.match(await seal(), { outcome: 'sealed', seal: { number: 3, events: 4 } });
  t.match(await seal(), { outcome: 'nothing' });
  await record(restored.database, 1);
  t.match(await seal(), { outcome: 'sealed', seal: { number: 4, events: 1 } });
  t.match(await verify(head), { seals: 4, events: 10, unsealed: 0, fault: undefined });

  await goesBack(t, restored, to);
});

/** From there to yet another database of the same server. */
async function goesBack(t: Test, before: { readonly database: Database }, from: Client): Promise<void> {
  const { head } = await verifierOf(before)();
  const third = await openSharedDatabase(t);
  await record(third.database, 1);
  await copyRows(from, await third.connect());
  await record(third.database, 1);
  const [seal, verify] = [createSealAudit(third), verifierOf(third)];
  t.match(await seal(), { outcome: 'sealed', seal: { number: 5, events: 2 }, more: false });
  t.match(
    await verify(head),
    { seals: 5, events: 12, unsealed: 0, fault: undefined },
    'three origins, one chain',
  );
}

t.test('a server that crashes, and one that is promoted, go on with the chain', async (t) => {
  const server = await startPostgres();
  t.teardown(() => server.stop());
  const { database, connect } = await openSharedDatabase(t, server.url);
  const [seal, verify] = [createSealAudit({ database }), verifierOf({ database })];
  const tryUntil = async <T>(work: () => Promise<T>): Promise<T> => {
    for (let attempt = 0; ; attempt += 1) {
      try {
        return await work();
      } catch (error) {
        if (attempt === 20) throw error;
      }
    }
  };
  await record(database, 2);
  await seal();
  // Ids that a crash may give again.
  await burnTransactions(await connect(), 20);
  await server.kill('SIGKILL');
  await server.start();
  await tryUntil(() => record(database, 1));
  await seal();
  t.match(await verify(), { seals: 2, events: 3, unsealed: 0, fault: undefined });
  await server.promote();
  await tryUntil(() => record(database, 1));
  await seal();
  t.match(await verify(), { seals: 3, events: 4, unsealed: 0, fault: undefined });
});
