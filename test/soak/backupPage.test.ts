/** docs/backup.md, as it is written: every command of it makes a backup, or brings one back, of an authority that works. */
import { randomBytes } from 'node:crypto';
import { mkdir, mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import { password } from '../support/authority.ts';
import { inCheckout } from '../support/checkout.ts';
import { type HttpCall, statusOf } from '../support/clients.ts';
import { openPostgresPlace } from '../support/debianPostgres.ts';
import { newcomersFolder } from '../support/newcomersFolder.ts';
import { startProcess } from '../support/process.ts';
import { command, startInDoubt } from '../support/puttingBack.ts';
import { startRedis } from '../support/redis.ts';
import { startServer } from '../support/server.ts';

const page = await readFile(inCheckout('docs/backup.md'), 'utf8');
t.setTimeout(400_000);

/** The commands of the block that has this name. */
function block(name: string): string {
  const [, script] = new RegExp(`^\`\`\`sh ${name}\n(.*?)^\`\`\`$`, 'ms').exec(page) ?? [];
  if (script === undefined) throw new Error(`docs/backup.md: no block ${name}`);
  return script;
}

const post = (call: HttpCall, path: string, body: object) => call('POST', path, { body });
const register = (call: HttpCall, email: string) => post(call, '/auth/register', { email, password });
const logIn = (call: HttpCall, email: string) => post(call, '/auth/login', { email, password });

/** What has been at one moment, and what came after it. */
async function before(t: Test, call: HttpCall) {
  t.equal((await register(call, 'ada@example.com')).status, 201);
  const [open, left] = [await logIn(call, 'ada@example.com'), await logIn(call, 'ada@example.com')];
  const logout = { refresh_token: left.body.refresh_token };
  t.equal((await post(call, '/auth/logout', logout)).status, 204);
  return { open: { refresh_token: open.body.refresh_token }, left: logout };
}

async function after(t: Test, call: HttpCall) {
  t.equal((await register(call, 'grace@example.com')).status, 201);
}

async function isAsBefore(t: Test, call: HttpCall, { open, left }: Awaited<ReturnType<typeof before>>) {
  t.equal((await post(call, '/auth/refresh', open)).status, 200, 'whoever was logged in');
  t.equal((await post(call, '/auth/refresh', left)).status, 401, 'whoever had logged out');
  t.equal((await logIn(call, 'ada@example.com')).status, 200, 'who was registered');
  t.equal((await logIn(call, 'grace@example.com')).status, 401, 'what came after it is not there');
}

t.test('embedded', async (t) => {
  const cwd = await newcomersFolder(t);
  const BACKUPS = join(cwd, 'backups');
  await mkdir(BACKUPS);
  const data = join(cwd, 'data');
  const shell = async (script: string) => {
    const started = startProcess('bash', ['-euo', 'pipefail', '-c', script], { cwd, env: { BACKUPS } });
    t.match(await started.exited, { code: 0 }, started.stderr());
    return started.stdout();
  };
  const server = await startServer(data);
  t.teardown(() => server.stop());
  const known = await before(t, server.call);
  t.equal(await shell(block('embedded-backup')), `${join(BACKUPS, 'countersign')}\n`);
  await after(t, server.call);
  server.process.signal('SIGTERM');
  await server.process.exited;

  await shell(block('embedded-restore'));
  await startInDoubt(t, data).then((waiting) => waiting.stop());
  t.match(await command(data, {}, 'restored', '--keep-sessions'), { code: 0 });
  const restored = await startServer(data);
  t.teardown(() => restored.stop());
  await isAsBefore(t, restored.call, known);
});

t.test('PostgreSQL', async (t) => {
  const place = await openPostgresPlace();
  t.teardown(() => place.close());
  const redis = await startRedis();
  t.teardown(() => redis.stop());
  const folder = await mkdtemp(join(tmpdir(), 'backup-nodes-'));
  t.teardown(() => rm(folder, { recursive: true, force: true }));
  const KEY_ENCRYPTION_KEY = randomBytes(32).toString('base64');
  const envOf = (DATABASE_URL: string) => ({ DATABASE_URL, REDIS_URL: redis.url, KEY_ENCRYPTION_KEY });
  const node = async (t: Test, name: string, url: string) => {
    const server = await startServer(join(folder, name), envOf(url));
    t.teardown(() => server.stop());
    return server;
  };
  /** With a folder that nothing is known in: Redis remembers. */
  const restoredNode = async (t: Test, name: string, url: string) => {
    await startInDoubt(t, join(folder, name), envOf(url)).then((waiting) => waiting.stop());
    t.match(await command(join(folder, name), envOf(url), 'restored', '--keep-sessions'), { code: 0 });
    return node(t, name, url);
  };

  const postgres = await place.start();
  await postgres.query('CREATE DATABASE countersign');
  const DATABASE_URL = postgres.url('countersign');
  const BACKUPS = place.backups;
  const server = await node(t, 'first', DATABASE_URL);
  await place.shell(block('base'), { DATABASE_URL, BACKUPS });
  const known = await before(t, server.call);
  const [row] = await postgres.query('SELECT clock_timestamp()::text AS moment');
  await place.shell(block('dump'), { DATABASE_URL, BACKUPS });
  await after(t, server.call);
  server.process.signal('SIGTERM');
  await server.process.exited;

  await t.test('one file', async (t) => {
    const RESTORED_URL = postgres.url('countersign_restored');
    await place.shell(block('dump-restore'), { DATABASE_URL, RESTORED_URL, BACKUPS });
    const restored = await restoredNode(t, 'from-file', RESTORED_URL);
    await isAsBefore(t, restored.call, known);
    t.match(await statusOf(restored.grpc.isRevoked('x')), /UNAUTHENTICATED/, 'gRPC answers');
    await restored.stop();
  });

  await t.test('to a moment', async (t) => {
    await postgres.archiveNow();
    await postgres.stop();
    const moment = { MOMENT: String(row?.['moment']), NEW_DATA: place.path('new') };
    await place.shell(block('moment'), { ...moment, BACKUPS });
    const again = await place.startOn(moment.NEW_DATA);
    const restored = await restoredNode(t, 'from-moment', again.url('countersign'));
    await isAsBefore(t, restored.call, known);
    await restored.stop();
    await again.stop();

    const once = await place.restoreTo(moment.MOMENT, 'base');
    t.strictSame(await once.query("SELECT email FROM users WHERE email LIKE '%@%'", 'countersign'), [
      { email: 'ada@example.com' },
    ]);
    await once.stop();
  });
});
