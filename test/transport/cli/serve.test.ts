/** `countersign serve`: the authority, started by the command line; its signals and exit codes are those of `npm start`. */
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import { createHttpClient } from '../../support/clients.ts';
import { freePort } from '../../support/freePort.ts';
import { copyOfEmbeddedDatabase } from '../../support/pglite.ts';
import { startProcess } from '../../support/process.ts';
import { distFolder } from '../../support/server.ts';

const cli = join(distFolder, 'cli.js');
/** A busy machine needs its time to start one. */
const startMilliseconds = 100_000;
t.setTimeout(300_000);

async function settings(t: Test): Promise<Record<string, string> & { HTTP_PORT: string }> {
  const DATA_DIR = await copyOfEmbeddedDatabase();
  t.teardown(() => rm(DATA_DIR, { recursive: true, force: true }));
  const HTTP_PORT = String(await freePort());
  return { DATA_DIR, HTTP_PORT, GRPC_PORT: '0', OPERATIONS_PORT: '0', ISSUER: 'http://127.0.0.1:8080' };
}

t.test('it serves, commands reach it, and it stops when it is told to', async (t) => {
  const env = await settings(t);
  const served = startProcess(process.execPath, [cli, 'serve'], { env });
  t.teardown(() => served.stop());
  await served.waitForOutput(/Countersign is ready/, startMilliseconds);
  const call = createHttpClient(`http://127.0.0.1:${env.HTTP_PORT}`);
  t.equal((await call('GET', '/health/live')).status, 200);
  const asked = startProcess(process.execPath, [cli, 'keys', 'list'], { env });
  t.strictSame(await asked.exited, { code: 0, signal: null });
  t.match(asked.stdout(), /\tactive\t/);
  served.signal('SIGTERM');
  t.strictSame(await served.exited, { code: 0, signal: null });
  t.match(served.stderr(), /"msg":"stopped"/);
});

t.test('what keeps it from starting is told at once, with exit code 1', async (t) => {
  const refused = startProcess(process.execPath, [cli, 'serve'], { env: { HTTP_PORT: 'x', LEASE: '5' } });
  t.strictSame(await refused.exited, { code: 1, signal: null });
  t.equal(refused.stdout(), '');
  t.match(refused.stderr(), /^HTTP_PORT: must be a port, .*\nLEASE: must be a duration, .*\n$/);
  const misread = startProcess(process.execPath, [cli, 'serve', 'now']);
  t.strictSame(await misread.exited, { code: 2, signal: null });
});

t.test('it goes on when nobody reads what it prints', async (t) => {
  for (const program of [`${cli}' serve`, `${join(distFolder, 'main.js')}'`]) {
    const env = await settings(t);
    const line = `exec '${process.execPath}' '${program} > >(true)`;
    const served = startProcess('bash', ['-c', line], { env: { ...env, LOG_LEVEL: 'info' } });
    t.teardown(() => served.stop());
    await served.waitForOutput(/"msg":"ready"/, startMilliseconds);
    const call = createHttpClient(`http://127.0.0.1:${env.HTTP_PORT}`);
    t.equal((await call('GET', '/health/live')).status, 200);
    served.signal('SIGINT');
    t.strictSame(await served.exited, { code: 0, signal: null });
    t.notMatch(served.stderr(), /EPIPE/);
  }
});
