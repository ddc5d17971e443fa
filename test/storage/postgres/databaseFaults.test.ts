/** A database that goes away in the middle of a query is "try again", in whichever words the library tells of it. */
import t from 'tap';
import { openEngine } from '../../../src/storage/postgres/engine.ts';
import { translateFault } from '../../../src/storage/postgres/faults.ts';
import { Prisma } from '../../../src/storage/postgres/generated/client.ts';
import { createStorage, migrateStorage } from '../../../src/storage/postgres/storage.ts';
import { eventually } from '../../support/eventually.ts';
import { createTestDatabase } from '../../support/postgres.ts';
import { startTcpProxy } from '../../support/tcpProxy.ts';

/** As it fails for raw SQL: one code for everything, and the reason in words. */
const raw = (reason: string) =>
  new Prisma.PrismaClientKnownRequestError(
    `\nInvalid \`prisma.$queryRaw()\` invocation:\n\n\nRaw query failed. Code: \`N/A\`. Message: \`${reason}\``,
    { code: 'P2010', clientVersion: '7' },
  );

t.test('in words', async (t) => {
  for (const reason of [
    'Server has closed the connection.',
    "Can't reach database server at db:5432",
    'Operation has timed out',
    'Too many database connections opened: sorry, too many clients already',
    'Transaction failed due to a write conflict or a deadlock. Please retry your transaction',
  ]) {
    t.match(translateFault(raw(reason)), { code: 'unavailable', reason: 'database' }, reason);
  }
  for (const kind of ['ConnectionClosed', 'SocketTimeout', 'DatabaseNotReachable', 'TooManyConnections']) {
    const ofAdapter = Object.assign(new Error(kind), { name: 'DriverAdapterError', cause: { kind } });
    t.match(
      translateFault(ofAdapter),
      { code: 'unavailable', reason: 'database' },
      `as the adapter says it: ${kind}`,
    );
  }
  for (const reason of ['relation "x" does not exist', 'Null constraint violation on the (`x`)']) {
    const defect = raw(reason);
    t.equal(translateFault(defect), defect, `a defect stays one: ${reason}`);
  }
});

t.test('in fact: the line breaks while raw SQL and other queries are under way', async (t) => {
  const database = await createTestDatabase();
  const url = new URL(database.url);
  const line = await startTcpProxy(Number(url.port));
  url.port = String(line.port);
  const engine = await openEngine('', url.href);
  t.teardown(async () => {
    await engine.close();
    await line.close();
    await database.drop();
  });
  await migrateStorage(engine);
  const storage = createStorage(engine);
  for (const [what, query] of Object.entries({
    'raw SQL': () => engine.prisma.$queryRaw`SELECT pg_sleep(4)::text`,
    'raw SQL in a transaction': () =>
      engine.prisma.$transaction((stores) => stores.$queryRaw`SELECT pg_sleep(4)::text`),
  })) {
    const failed = query().then(
      () => undefined,
      (error: unknown) => translateFault(error),
    );
    const watcher = await engine.connect();
    await eventually('it runs', async () => {
      const sleeping =
        "SELECT 1 FROM pg_stat_activity WHERE state = 'active' AND query LIKE '%pg_sleep(4)%' AND pid <> pg_backend_pid()";
      return (await watcher.query(sleeping)).length > 0;
    });
    line.cut('broken');
    t.match(await failed, { code: 'unavailable' }, what);
    t.match(
      await storage.ping().catch((error) => error),
      { code: 'unavailable' },
      'nor is there a new connection',
    );
    watcher.abandon();
    line.heal();
  }
});
