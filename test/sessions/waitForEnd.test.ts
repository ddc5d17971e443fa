/** Waiting for the end of a session: who is told, when, and how many may wait. */
import { Agent, request } from 'node:http';
import t, { type Test } from 'tap';
import { sessionLimits } from '../../src/sessions/limits.ts';
import { startAuthority, type TestAuthority } from '../support/authority.ts';
import { eventually } from '../support/eventually.ts';
import { sharedServers } from '../support/twoNodes.ts';

/** Resolves once so many wait. */
async function waits({ operations }: Pick<TestAuthority, 'operations'>, count: number): Promise<void> {
  const wanted = new RegExp(`^countersign_session_waits ${count}$`, 'm');
  await eventually(`${count} wait`, async () => wanted.test((await operations('GET', '/metrics')).body));
}

const ada = 'ada@example.com';

/** Asks on a connection of its own; `answer` comes once there is one. */
function wait({ httpPort }: Pick<TestAuthority, 'httpPort'>, token: string) {
  const agent = new Agent();
  const headers = { authorization: `Bearer ${token}` };
  const asked = request({ port: httpPort, path: '/auth/session/end', headers, agent });
  const answer = new Promise<{ status: number; body: string } | undefined>((resolve) => {
    // It was closed.
    asked.on('error', () => resolve(undefined));
    asked.on('response', async (response) => {
      const body = (await response.toArray()).join('');
      resolve({ status: response.statusCode ?? 0, body });
    });
  });
  asked.end();
  return { answer, close: () => asked.destroy() };
}

const ended = { status: 200, body: '{"ended":true}' };
const goesOn = { status: 200, body: '{"ended":false}' };

async function start(t: Test, options: Parameters<typeof startAuthority>[0] = {}) {
  const authority = await startAuthority(options);
  t.teardown(() => authority.stop());
  return authority;
}

t.test('each way that a session ends answers within a second; other sessions wait on', async (t) => {
  const authority = await start(t);
  const {
    call,
    register,
    login,
    authority: { operations },
  } = authority;
  await register(ada);
  const ways: Readonly<Record<string, (one: string, other: string, id: string) => Promise<unknown>>> = {
    'its own logout': (one) => call('POST', '/auth/logout', { token: one }),
    'another session ends it': (_, other, id) => call('DELETE', `/auth/sessions/${id}`, { token: other }),
    'all others end': (_, other) => call('POST', '/auth/logout-others', { token: other }),
    'the user is disabled': () => operations.disableUser({ email: ada }, { name: 'operator' }),
  };
  for (const [name, end] of Object.entries(ways)) {
    const [one, other] = [await login(ada), await login(ada)];
    const waiting = wait(authority, one.access_token);
    const spared = wait(authority, other.access_token);
    await waits(authority, 2);
    const began = performance.now();
    await end(one.access_token, other.access_token, one.session_id);
    t.match(await waiting.answer, ended, name);
    const milliseconds = performance.now() - began;
    t.ok(milliseconds < 1_000, `${name}: ${milliseconds.toFixed(0)} ms`);
    if (name === 'the user is disabled') {
      t.match(await spared.answer, ended);
      continue;
    }
    spared.close();
    t.equal(await spared.answer, undefined, `${name}: the other one had no answer yet`);
    const { status } = await call('GET', '/auth/session/end', { token: one.access_token });
    t.equal(status, 401, 'from then on refused');
  }
});

t.test('on another node', async (t) => {
  const { env } = await sharedServers(t);
  const [one, two] = [await start(t, { env }), await start(t, { env })];
  await one.register(ada);
  const { access_token: token } = await one.login(ada);
  const waiting = wait(two, token);
  await waits(two, 1);
  await one.call('POST', '/auth/logout', { token });
  t.match(await waiting.answer, ended);
});

t.test('of one user, the longest waiting gives way; closed pages do not count', async (t) => {
  const authority = await start(t);
  await authority.register(ada);
  const { access_token: token } = await authority.login(ada);
  const first = wait(authority, token);
  await waits(authority, 1);
  const others = [];
  for (let count = 0; count < sessionLimits.sessionWaitsOfUser; count += 1) {
    others.push(wait(authority, token));
    await waits(authority, Math.min(count + 2, sessionLimits.sessionWaitsOfUser));
  }
  t.match(await first.answer, goesOn);
  for (const { close, answer } of others) {
    close();
    await answer;
  }
  await waits(authority, 0);
  const again = wait(authority, token);
  const last = wait(authority, token);
  await waits(authority, 2);
  await authority.call('POST', '/auth/logout', { token });
  t.match([await again.answer, await last.answer], [ended, ended]);
});

t.test('a stop is not held up', async (t) => {
  const authority = await startAuthority();
  await authority.register(ada);
  const { access_token: token } = await authority.login(ada);
  const waiting = wait(authority, token);
  await waits(authority, 1);
  const began = performance.now();
  const [answer] = await Promise.all([waiting.answer, authority.stop()]);
  t.match(answer, goesOn);
  t.ok(performance.now() - began < 5_000);
});
