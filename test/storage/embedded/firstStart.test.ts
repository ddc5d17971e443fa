/** The first start makes a database; it may be killed while it does. */
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import t from 'tap';
import { eventually } from '../../support/eventually.ts';
import { startProcess } from '../../support/process.ts';
import { distFolder, startServer } from '../../support/server.ts';

t.test('a first start that was killed is begun anew', async (t) => {
  const dataDir = await mkdtemp(join(tmpdir(), 'data-'));
  t.teardown(() => rm(dataDir, { recursive: true, force: true, maxRetries: 10 }));
  const ports = { HTTP_PORT: '0', GRPC_PORT: '0', OPERATIONS_PORT: '0' };
  const killed = startProcess(process.execPath, [join(distFolder, 'main.js')], {
    env: { DATA_DIR: dataDir, ISSUER: 'http://127.0.0.1:8080', ...ports },
  });
  const folder = join(dataDir, 'postgres');
  await eventually('initdb is at work', async () => (await readdir(folder)).includes('global'));
  await killed.stop();
  const server = await startServer(dataDir);
  t.teardown(() => server.stop());
  const account = { email: 'ada@example.com', password: 'correct horse battery staple' };
  t.equal((await server.call('POST', '/auth/register', { body: account })).status, 201);
});
