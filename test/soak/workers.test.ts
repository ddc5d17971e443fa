/** Workers under load: one is told to stop, both are killed, one is frozen, and the main process is killed. */
import { connect } from 'node:net';
import t from 'tap';
import { password } from '../support/authority.ts';
import { claimsOf } from '../support/clients.ts';
import { eventually } from '../support/eventually.ts';
import { keepDoing } from '../support/keepDoing.ts';
import { email, loadOf, seriesOf, startWorkers, workerPids } from '../support/workers.ts';

t.setTimeout(180_000);

const isThere = (pid: number) => {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
};

t.test('workers under load', async (t) => {
  const { server, rpc, guard, http, metrics } = await startWorkers(t);
  const ask = http();
  t.equal((await ask('POST', '/auth/register', { body: { email, password } })).status, 201);
  const logIn = async () => (await http()('POST', '/auth/login', { body: { email, password } })).body;
  const workersServe = (count: number) =>
    eventually(
      `${count} workers serve`,
      async () => seriesOf(await metrics(), 'countersign_workers_serving{worker="main"}') === count,
      30_000,
    );
  const replaced = async (before: readonly number[]) => {
    await eventually(
      'others are there',
      () => workerPids(server).length === 2 && workerPids(server).every((pid) => !before.includes(pid)),
      30_000,
    );
    await workersServe(2);
  };

  await t.test('one that is told to stop loses no request, and is replaced', async (t) => {
    let [answered, lost] = [0, 0];
    const load = keepDoing({ everyMs: 4, atOnce: 20 }, async () => {
      await onOwnConnection(server.httpPort).then(
        () => (answered += 1),
        () => (lost += 1),
      );
    });
    for (const victim of workerPids(server)) {
      process.kill(victim, 'SIGTERM');
      await eventually('it ends', () => !isThere(victim), 30_000);
      await workersServe(2);
    }
    await load.stop();
    t.equal(lost, 0);
    t.ok(answered > 100);
    t.comment(
      `${answered} requests, each on a connection of its own, while both workers were replaced: ${lost} lost`,
    );
  });

  await t.test('both are killed: nobody gets a wrong answer, and the same ports serve again', async (t) => {
    const load = await loadOf({ logIn, http, rpc, guard });
    await load.goesOn();
    const before = workerPids(server);
    for (const pid of before) process.kill(pid, 'SIGKILL');
    await replaced(before);
    await load.goesOn();
    const { wrong, done, failed } = await load.end();
    t.strictSame(wrong, []);
    t.comment(`${JSON.stringify(done)}, ${failed} failed`);
  });

  await t.test('one is frozen: a logout waits for its lease, and what wakes up knows of it', async (t) => {
    const [one, two] = [rpc(), rpc()];
    const { access_token: token } = await logIn();
    const { jti } = claimsOf(token);
    const verdicts = () =>
      Promise.all(
        [one, two].map(
          async (client) => (await client.call('isRevoked', { jti }, { milliseconds: 10_000 })).revoked,
        ),
      );
    t.strictSame(await verdicts(), [false, false]);
    const [frozen = 0] = workerPids(server);
    process.kill(frozen, 'SIGSTOP');
    const ready = await server.operations('GET', '/health/ready');
    t.match(ready, { status: 503, body: { parts: { process: /^worker [12]: does not answer$/ } } });
    const since = performance.now();
    // The frozen one may be given the connection; the next goes to the other.
    const logOut = () => server.call('POST', '/auth/logout', { token, milliseconds: 4_000 });
    t.ok(await eventually('a logout is answered', async () => (await logOut()).status === 204, 30_000));
    t.comment(`answered ${Math.round(performance.now() - since)} ms after it was asked for`);
    process.kill(frozen, 'SIGCONT');
    t.strictSame(await verdicts(), [true, true]);
    await eventually(
      'it is ready again',
      async () => (await server.operations('GET', '/health/ready')).status === 200,
    );
  });

  await t.test('the main process is killed: no worker stays', async (t) => {
    const pids = workerPids(server);
    t.equal(pids.length, 2);
    server.process.signal('SIGKILL');
    await server.process.exited;
    await eventually('they end', () => !pids.some(isThere));
    const refused = await new Promise((resolve) => {
      connect(server.httpPort, '127.0.0.1').once('error', (error: NodeJS.ErrnoException) =>
        resolve(error.code),
      );
    });
    t.equal(refused, 'ECONNREFUSED');
  });
});

t.test('while they drain, a second signal ends all at once', async (t) => {
  const { server, metrics } = await startWorkers(t, { DRAIN_DELAY: '5m' });
  const memory = (worker: string) => {
    const bytes = seriesOf(text, `process_resident_memory_bytes{worker="${worker}"}`) ?? Number.NaN;
    return `${Math.round(bytes / 2 ** 20)} MB`;
  };
  const text = await metrics();
  t.comment(
    `memory: ${memory('main')} of the main process, ${memory('1')} and ${memory('2')} of the workers`,
  );
  const pids = workerPids(server);
  server.process.signal('SIGTERM');
  const draining = async () => {
    const { status, body } = await server.operations('GET', '/health/ready');
    return status === 503 && /draining/.test(body.parts.process) && (await jwks(server.httpPort));
  };
  await eventually('they drain, and serve', draining);
  // Repeated, since one that comes soon after the first belongs to it.
  await eventually('it ends', () => {
    server.process.signal('SIGTERM');
    return !isThere(server.process.pid);
  });
  t.strictSame(await server.process.exited, { code: 1, signal: null });
  await eventually('the workers end', () => !pids.some(isThere));
});

const jwks = async (port: number) => (await fetch(`http://127.0.0.1:${port}/.well-known/jwks.json`)).ok;

async function onOwnConnection(port: number): Promise<void> {
  const answer = await fetch(`http://127.0.0.1:${port}/.well-known/jwks.json`, {
    headers: { connection: 'close' },
  });
  if (!answer.ok) throw new Error(String(answer.status));
  await answer.arrayBuffer();
}
