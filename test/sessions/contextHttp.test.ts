/** Where a session is used, over HTTP: what is noted, what the user sees, and what the settings make of it. */
import { request } from 'node:http';
import { json } from 'node:stream/consumers';
import t from 'tap';
import { password, startAuthority, type TestAuthority, type Tokens } from '../support/authority.ts';
import { claimsOf } from '../support/clients.ts';
import { createShiftedClock } from '../support/shiftedClock.ts';

const email = 'alice@example.com';
const linux = 'Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0';
const phone =
  'Mozilla/5.0 (iPhone; CPU iPhone OS 18_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.5 Mobile/15E148 Safari/604.1';
/** Two networks, as the authority sees them. */
const [home, cafe] = ['127.0.0.1', '127.0.7.1'];

interface Sent {
  readonly from?: string;
  readonly device?: string;
  readonly userAgent?: string;
}

/** By a client at the given address. */
function post({ httpPort }: TestAuthority, path: string, body: object, sent: Sent) {
  const { from = home, device, userAgent = linux } = sent;
  return new Promise<{ status: number; body: Tokens & { code?: string } }>((resolve, reject) => {
    const headers = { 'content-type': 'application/json', 'user-agent': userAgent };
    const call = request({
      host: '127.0.0.1',
      port: httpPort,
      path,
      method: 'POST',
      headers,
      localAddress: from,
    });
    call.on('error', reject).on('response', (answer) => {
      json(answer).then((read) => resolve({ status: answer.statusCode ?? 0, body: read as Tokens }), reject);
    });
    call.end(JSON.stringify({ ...body, ...(device === undefined ? {} : { device_id: device }) }));
  });
}

async function setUp(
  t: { teardown(end: () => Promise<void>): void },
  env: Readonly<Record<string, string>> = {},
) {
  const clock = createShiftedClock();
  const authority = await startAuthority({ clock, env });
  t.teardown(() => authority.stop());
  await authority.register(email);
  const login = async (sent: Sent = {}) =>
    (await post(authority, '/auth/login', { email, password }, sent)).body;
  const refresh = (tokens: Tokens, sent: Sent = {}) =>
    post(authority, '/auth/refresh', { refresh_token: tokens.refresh_token }, sent);
  const seen = async (token: string) => {
    const { body } = await authority.call('GET', '/auth/sessions', { token });
    return body.sessions.find(({ current }: { current: boolean }) => current);
  };
  return { authority, clock, login, refresh, seen };
}

t.test('what the user sees', async (t) => {
  const { authority, clock, login, refresh, seen } = await setUp(t, { ON_NETWORK_CHANGE: 'note' });
  const first = await login({ device: 'device-1' });
  t.match(await seen(first.access_token), {
    ...{ browser: 'Firefox 140', os: 'Linux', device_type: 'desktop', user_agent: linux, ip: home },
    context_change: null,
  });
  clock.shift(60_000);
  const { body: moved } = await refresh(first, { device: 'device-1', from: cafe });
  t.match(await seen(moved.access_token), {
    ip: cafe,
    context_change: { signals: ['network_changed'], score: 10, at: String },
  });
  clock.shift(60_000);
  const { body: back } = await refresh(moved, { device: 'device-1' });
  t.match((await seen(back.access_token)).context_change, {
    signals: ['two_networks', 'network_changed'],
    score: 40,
  });
  clock.shift(60_000);
  const { body: other } = await refresh(back, { device: 'device-2', userAgent: phone });
  const last = await seen(other.access_token);
  t.match(last, { os: /^iOS 18/, device_type: 'mobile' });
  t.match(last.context_change, { signals: ['device_changed', 'user_agent_changed'], score: 90 });
  const { at } = last.context_change;
  clock.shift(60_000);
  const { body: same } = await refresh(other, { device: 'device-2', userAgent: phone });
  t.match(
    (await seen(same.access_token)).context_change,
    { at, score: 90 },
    'what was noted stays to be seen',
  );

  const { body: metrics } = await authority.operations('GET', '/metrics');
  t.match(metrics, /countersign_session_context_signals_total\{signal="device_changed",action="notify"\} 1/);
  t.match(
    authority.log(),
    /"signals":\["device_changed","user_agent_changed"\].*the context of a session has changed/,
  );
  t.notMatch(authority.log(), /two_networks/, 'what is only noted is not in the log');
});

t.test('what ends a session is told once, however many come at once', async (t) => {
  const { authority, login, refresh } = await setUp(t, { ON_DEVICE_CHANGE: 'end' });
  const tokens = await login({ device: 'device-1' });
  const answers = await Promise.all([1, 2, 3, 4].map(() => refresh(tokens, { device: 'device-2' })));
  for (const { status, body } of answers) t.match([status, body.code], [401, 'invalid_grant']);
  const { body: metrics } = await authority.operations('GET', '/metrics');
  t.match(metrics, /countersign_session_context_signals_total\{signal="device_changed",action="end"\} 1\n/);
  t.equal(authority.log().match(/the context of a session has changed/g)?.length, 1);
});

t.test('a client that refreshes again and again', async (t) => {
  const { login, refresh, seen } = await setUp(t);
  let tokens = await login();
  for (let count = 0; count < 5; count += 1) {
    t.equal((await seen(tokens.access_token)).context_change, null, `after ${count}`);
    tokens = (await refresh(tokens)).body;
  }
  tokens = (await refresh(tokens)).body;
  t.match((await seen(tokens.access_token)).context_change, { signals: ['rapid_refresh'], score: 20 });
});

t.test('settings', async (t) => {
  const { authority, clock, login, refresh, seen } = await setUp(t, {
    ON_DEVICE_CHANGE: 'end',
    ON_USER_AGENT_CHANGE: 'ignore',
  });
  const first = await login({ device: 'device-1' });
  const bystander = await login({ device: 'device-1' });
  clock.shift(60_000);
  const { body: second } = await refresh(first, { device: 'device-1', userAgent: phone });
  t.equal((await seen(second.access_token)).context_change, null, 'an ignored signal');
  const stolen = await refresh(second, { device: 'device-2', userAgent: phone });
  t.match(stolen, { status: 401, body: { code: 'invalid_grant' } });
  for (const { access_token } of [first, second])
    t.match(await authority.grpc.isRevoked(claimsOf(access_token).jti), {
      revoked: true,
      reason: 'REASON_CONTEXT_CHANGED',
    });
  t.equal(
    (await refresh(second, { device: 'device-1', userAgent: phone })).status,
    401,
    'the owner is out, too',
  );
  t.equal((await refresh(bystander, { device: 'device-1' })).status, 200, 'other sessions go on');
});

t.test('a device_id that is none', async (t) => {
  const { authority } = await setUp(t);
  for (const [what, device_id] of [
    ['empty', ''],
    ['too long', 'x'.repeat(129)],
    ['a space', 'a b'],
    ['not ASCII', 'é'],
    ['a number', 5],
  ] as const) {
    const answer = await authority.call('POST', '/auth/login', { body: { email, password, device_id } });
    t.match(answer, { status: 400, body: { errors: [{ field: 'device_id' }] } }, what);
  }
});
