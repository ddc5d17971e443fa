/** Workers that cannot start: the whole ends, or waits, with the line that one process would say. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import { freePort } from '../support/freePort.ts';
import { startProcess } from '../support/process.ts';
import { distFolder } from '../support/server.ts';
import { sharedServers } from '../support/twoNodes.ts';

async function start(t: Test, env: Readonly<Record<string, string>>) {
  const dataDir = await mkdtemp(join(tmpdir(), 'workers-'));
  const started = startProcess(process.execPath, [join(distFolder, 'main.js')], {
    env: {
      ...{ DATA_DIR: dataDir, HTTP_PORT: String(await freePort()), GRPC_PORT: '0', OPERATIONS_PORT: '0' },
      ...{ LOG_LEVEL: 'error', MAIL_URL: 'smtp://127.0.0.1:1', MAIL_FROM: 'no-reply@example.com' },
      ...{ WORKERS: '2', ISSUER: 'http://127.0.0.1:8080', ...env },
    },
  });
  t.teardown(async () => {
    await started.stop();
    await rm(dataDir, { recursive: true, force: true });
  });
  return started;
}

t.test('the embedded database is for one process', async (t) => {
  const started = await start(t, {});
  t.match(await started.exited, { code: 1 });
  t.match(
    started.stderr(),
    /^WORKERS: must be 1 without DATABASE_URL and REDIS_URL: one process alone can open the embedded database; given WORKERS "2", DATABASE_URL not set\n$/,
  );
});

t.test('with servers', async (t) => {
  const { env } = await sharedServers(t);

  await t.test('what a worker finds only when it listens ends the whole', async (t) => {
    const started = await start(t, { ...env, GRPC_HOST: '203.0.113.1', ALLOW_PLAINTEXT: 'grpc' });
    t.match(await started.exited, { code: 1 });
    t.match(started.stderr(), /^GRPC_PORT: cannot listen on 203\.0\.113\.1:[^\n]*\n$/);
  });

  await t.test('a database that is not there is waited for, with one line', async (t) => {
    const started = await start(t, { ...env, DATABASE_URL: 'postgresql://nobody@127.0.0.1:1/none' });
    await started.waitForOutput(/trying again in 5 s/);
    t.match(started.stderr(), /^DATABASE_URL: [^\n]*ECONNREFUSED[^\n]*; trying again in 5 s\n$/);
    started.signal('SIGTERM');
    t.strictSame(await started.exited, { code: 0, signal: null }, started.stderr());
  });
});
