/** `kill -9` under a load of logins, refreshes and logouts: what was acknowledged is true after the restart. */
import { rm } from 'node:fs/promises';
import t from 'tap';
import { password, type Tokens } from '../support/authority.ts';
import { claimsOf } from '../support/clients.ts';
import { eventually } from '../support/eventually.ts';
import { copyOfEmbeddedDatabase } from '../support/pglite.ts';
import { startServer, type TestServer } from '../support/server.ts';

/** What a client knows of its session: its last tokens, and what it has asked for and been told. */
interface Client {
  tokens: Tokens;
  /** `asked` means that no answer came: it may have been done or not. */
  logout: 'no' | 'asked' | 'acknowledged';
}

const headers = { 'user-agent': 'crash-test' };
/** A restart on a busy machine takes longer than the usual grace, and a lost answer is then a theft. */
const env = { REFRESH_GRACE: '5m' };

t.test('three crashes', async (t) => {
  const dataDir = await copyOfEmbeddedDatabase();
  t.teardown(() => rm(dataDir, { recursive: true, force: true }));
  const clients: Client[] = [];
  for (let round = 1; round <= 3; round += 1) {
    const server = await startServer(dataDir, env);
    t.teardown(() => server.stop());
    await server.call('POST', '/auth/register', { body: { email: `user${round}@example.com`, password } });
    const acknowledged = await crashUnderLoad(server, `user${round}@example.com`, clients);
    t.ok(
      acknowledged.logouts >= 5 && acknowledged.refreshes >= 20,
      `the load was one: ${JSON.stringify(acknowledged)}`,
    );

    const restarted = await startServer(dataDir, env);
    t.teardown(() => restarted.stop());
    t.strictSame(await wrongs(restarted, clients), [], `after crash ${round}, of ${clients.length} sessions`);
    await restarted.stop();
  }
});

async function crashUnderLoad(server: TestServer, email: string, clients: Client[]) {
  const counts = { logins: 0, refreshes: 0, logouts: 0 };
  let crashed = false;
  const login = async () => {
    const { status, body } = await server.call('POST', '/auth/login', { body: { email, password }, headers });
    if (status !== 200) throw new Error(`login answered ${status}`);
    const client: Client = { tokens: body, logout: 'no' };
    clients.push(client);
    counts.logins += 1;
    return client;
  };
  const refresh = async (client: Client) => {
    const body = { refresh_token: client.tokens.refresh_token };
    const answer = await server.call('POST', '/auth/refresh', { body, headers });
    if (answer.status !== 200) throw new Error(`refresh answered ${answer.status}`);
    client.tokens = answer.body;
    counts.refreshes += 1;
  };
  const logout = async (client: Client) => {
    client.logout = 'asked';
    const { status } = await server.call('POST', '/auth/logout', { token: client.tokens.access_token });
    if (status !== 204) throw new Error(`logout answered ${status}`);
    client.logout = 'acknowledged';
    counts.logouts += 1;
  };
  /** Each worker has clients of its own, so that nobody refreshes what another logs out. */
  const work = async (worker: number) => {
    for (let step = 0; !crashed; step += 1) {
      const own = await login();
      for (let times = 0; times < 4 + worker; times += 1) await refresh(own);
      if (step % 2 === 0) await logout(own);
    }
  };
  const workers = [0, 1, 2].map((worker) =>
    work(worker).catch((error) => {
      if (!crashed) throw error;
    }),
  );
  const busy = eventually('enough load', () => counts.logouts >= 5 && counts.refreshes >= 20, 30_000);
  await Promise.race([busy, Promise.all(workers)]);
  crashed = true;
  server.process.signal('SIGKILL');
  await server.process.exited;
  await Promise.all(workers);
  return counts;
}

/** Everything that is not as the clients were told. */
async function wrongs(server: TestServer, clients: readonly Client[]): Promise<string[]> {
  const found: string[] = [];
  for (const client of clients) {
    const { access_token: token, refresh_token } = client.tokens;
    const { revoked } = await server.grpc.isRevoked(claimsOf(token).jti);
    const me = (await server.call('GET', '/auth/me', { token })).status;
    const refreshed = await server.call('POST', '/auth/refresh', { body: { refresh_token }, headers });
    if (refreshed.status === 200) client.tokens = refreshed.body;
    const is = `revoked=${revoked} me=${me} refresh=${refreshed.status}`;
    const dead = 'revoked=true me=401 refresh=401';
    const alive = 'revoked=false me=200 refresh=200';
    const allowed = { no: [alive], asked: [alive, dead], acknowledged: [dead] }[client.logout];
    if (!allowed.includes(is)) found.push(`logout ${client.logout}: ${is}`);
    if (client.logout === 'asked') client.logout = is === dead ? 'acknowledged' : 'no';
  }
  return found;
}
