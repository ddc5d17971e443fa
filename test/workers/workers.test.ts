/** Two workers on the same ports: each is a node, and one of them may be killed. */
import t from 'tap';
import { password } from '../support/authority.ts';
import { claimsOf } from '../support/clients.ts';
import { eventually } from '../support/eventually.ts';
import { said } from '../support/guards.ts';
import { email, fallen, loadOf, loginsIn, seriesOf, startWorkers, workerPids } from '../support/workers.ts';

t.setTimeout(120_000);

t.test('two workers are two nodes, and one authority', async (t) => {
  const parts = await startWorkers(t);
  const { server, command, guard, http, rpc, nodes, metrics } = parts;
  const isReady = async () => (await server.operations('GET', '/health/ready')).status === 200;
  t.equal(new Set(await nodes()).size, 2, 'each has a node id of its own');
  t.ok(await isReady());
  const [one, two] = [http(), http()];
  t.equal((await one('POST', '/auth/register', { body: { email, password } })).status, 201);
  t.match(await command('users', 'show', email), { code: 0, words: [] }, 'commands run in one of them');
  const logIn = async () => (await one('POST', '/auth/login', { body: { email, password } })).body;

  await t.test('a logout at one is refused by all, from the first request after its answer', async (t) => {
    const guards = [guard(), guard()];
    await Promise.all(guards.map((each) => each.ready()));
    const [first, second] = [rpc(), rpc()];
    const verdicts = async (token: string) => {
      const { jti } = claimsOf(token);
      const me = await Promise.all(
        [one, two].map(async (ask) => (await ask('GET', '/auth/me', { token })).status),
      );
      const checks = await Promise.all(
        [first, second].map(async (each) => (await each.call('isRevoked', { jti })).revoked as boolean),
      );
      return [...me, ...checks, ...(await Promise.all(guards.map((each) => said(each, token))))];
    };
    for (const at of [one, two]) {
      const { access_token: token } = await logIn();
      t.strictSame(await verdicts(token), [200, 200, false, false, 'accepted', 'accepted']);
      t.equal((await at('POST', '/auth/logout', { token })).status, 204);
      const refused = '401 invalid_token revoked';
      t.strictSame(await verdicts(token), [401, 401, true, true, refused, refused]);
    }
    const text = await metrics();
    for (const worker of [1, 2]) {
      const gauge = (name: string) => seriesOf(text, `${name}{worker="${worker}"}`);
      t.equal(gauge('countersign_edges_connected'), 1, 'a guard each');
      t.equal(gauge('countersign_http_idle_connections'), 1, 'and an HTTP connection');
      t.equal(gauge('countersign_nodes_live'), 2);
      t.ok((gauge('process_resident_memory_bytes') ?? 0) > 1e7);
    }
    t.equal(loginsIn(text), 2, 'counters are sums');
    t.equal(seriesOf(text, 'countersign_workers_serving{worker="main"}'), 2);
  });

  await t.test('one is killed under load: no wrong answer, and another one takes its place', async (t) => {
    const load = await loadOf({ logIn, http, rpc, guard });
    await load.goesOn();
    const [before, [, victim = 0]] = [await metrics(), workerPids(server)];
    const known = await nodes();
    const killedAt = performance.now();
    process.kill(victim, 'SIGKILL');
    await server.process.waitForOutput(/"worker":2,"pid":\d+,"why":"worker 2 ended: SIGKILL"/);
    const meanwhile = await metrics();
    t.strictSame(fallen(before, meanwhile), [], 'no counter falls');
    t.equal(seriesOf(meanwhile, 'countersign_workers_serving{worker="main"}'), 1);
    t.match(await server.operations('GET', '/health/ready'), {
      status: 200,
      body: { status: 'ready', warnings: ['worker 2 ended: SIGKILL'] },
    });
    await server.process.waitForOutput(/("worker":2,[^\n]*"msg":"ready".*){2}/s);
    const back = performance.now() - killedAt;
    await load.goesOn();
    const { wrong, done, failed } = await load.end();
    t.comment(
      `the new worker served ${Math.round(back)} ms after the kill; ${JSON.stringify(done)}, ${failed} failed`,
    );
    t.strictSame(wrong, [], 'no wrong answer');
    const after = await metrics();
    t.strictSame(fallen(before, after), []);
    t.equal(seriesOf(after, 'countersign_workers_ended_total'), 1);
    t.notOk((await server.operations('GET', '/health/ready')).body.warnings, 'and the warning ends');
    t.ok(
      (await nodes()).some((id) => !known.includes(id)),
      'as a new node',
    );
  });

  await t.test('a stop answers what came, and ends all', async (t) => {
    const pids = workerPids(server);
    const asked = [http(), http(), http(), http(), one].map(async (ask, number) => {
      await ask('GET', '/health/live');
      return (await ask('POST', '/auth/login', { body: { email, password } })).status === 200 || number;
    });
    const begun = loginsIn(await metrics()) ?? 0;
    await eventually('a login of them is answered', async () => (loginsIn(await metrics()) ?? 0) > begun);
    server.process.signal('SIGTERM');
    t.strictSame(await Promise.all(asked), [true, true, true, true, true]);
    t.strictSame(await server.process.exited, { code: 0, signal: null }, server.process.stderr());
    for (const pid of pids) t.throws(() => process.kill(pid, 0), 'no process is left');
    const lines = server.process
      .stderr()
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line));
    const stoppedBy = lines.filter(({ msg }) => msg === 'stopped').map(({ worker }) => worker ?? 'main');
    t.strictSame(stoppedBy.sort(), ['main'], 'the folder is given up once');
    const draining = lines.filter(({ msg }) => msg === 'draining').map(({ worker }) => worker ?? 'main');
    t.strictSame(draining.sort(), [1, 2, 'main'], 'each line names its worker');
  });
});
