/** A user's own sessions over HTTP. */
import t from 'tap';
import { startAuthority } from '../support/authority.ts';
import { createShiftedClock } from '../support/shiftedClock.ts';

t.test('listing', async (t) => {
  const clock = createShiftedClock();
  const authority = await startAuthority({ clock });
  t.teardown(() => authority.stop());
  const { call } = authority;
  await authority.register('alice@example.com');
  await authority.register('bob@example.com');
  await authority.login('bob@example.com');
  const body = {
    email: 'alice@example.com',
    password: 'correct horse battery staple',
    device_name: 'Work laptop 💻',
  };
  const first = (await call('POST', '/auth/login', { body, headers: { 'user-agent': `${'x'.repeat(600)}` } }))
    .body;
  const ids = [first.session_id];
  for (let count = 0; count < 4; count += 1) {
    clock.shift(1_000);
    ids.unshift((await authority.login('alice@example.com', { 'user-agent': 'phone' })).session_id);
  }

  const all = await call('GET', '/auth/sessions', { token: first.access_token });
  t.equal(all.status, 200);
  t.equal(all.headers.get('cache-control'), 'no-store');
  t.strictSame(
    all.body.sessions.map(({ id }: { id: string }) => id),
    ids,
    'mine only, newest first',
  );
  t.notOk('next_page_token' in all.body);
  const { created_at, last_used_at, expires_at, ...rest } = all.body.sessions.at(-1);
  t.strictSame(rest, {
    id: first.session_id,
    device_name: 'Work laptop 💻',
    user_agent: 'x'.repeat(512),
    browser: 'x'.repeat(40),
    os: null,
    device_type: null,
    context_change: null,
    ip: '127.0.0.1',
    current: true,
  });
  t.equal(created_at, last_used_at);
  t.equal(Date.parse(expires_at) - Date.parse(created_at), 30 * 24 * 60 * 60 * 1000);
  t.match(all.body.sessions[0], { current: false, device_name: null, user_agent: 'phone' });

  const pages: string[][] = [];
  let query = '?page_size=2';
  for (;;) {
    const page = await call('GET', `/auth/sessions${query}`, { token: first.access_token });
    pages.push(page.body.sessions.map(({ id }: { id: string }) => id));
    if (page.body.next_page_token === undefined) break;
    query = `?page_size=2&page_token=${page.body.next_page_token}`;
  }
  t.strictSame(pages, [ids.slice(0, 2), ids.slice(2, 4), ids.slice(4)]);

  clock.shift(5_000);
  await authority.refresh(first.refresh_token);
  const used = await call('GET', '/auth/sessions', { token: first.access_token });
  t.ok(used.body.sessions.at(-1).last_used_at > last_used_at, 'a refresh is a use');
});

t.test('another user’s session is out of reach', async (t) => {
  const authority = await startAuthority();
  t.teardown(() => authority.stop());
  const { call } = authority;
  await authority.register('alice@example.com');
  await authority.register('mallory@example.com');
  const alice = await authority.login('alice@example.com');
  const mallory = await authority.login('mallory@example.com');

  const attempt = await call('DELETE', `/auth/sessions/${alice.session_id}`, { token: mallory.access_token });
  const unknown = await call('DELETE', '/auth/sessions/00000000-0000-7000-8000-000000000000', {
    token: mallory.access_token,
  });
  t.equal(attempt.status, 404);
  const { request_id: one, ...attempted } = attempt.body;
  const { request_id: other, ...missing } = unknown.body;
  t.strictSame(attempted, missing, 'it looks like one that is not there');
  t.not(one, other);
  t.equal((await call('GET', '/auth/me', { token: alice.access_token })).status, 200);
});

t.test('ending my own session again is a success, and ending the current one logs me out', async (t) => {
  const authority = await startAuthority();
  t.teardown(() => authority.stop());
  const { call } = authority;
  await authority.register('alice@example.com');
  const [current, other] = [
    await authority.login('alice@example.com'),
    await authority.login('alice@example.com'),
  ];
  const token = current.access_token;
  for (const time of ['once', 'twice']) {
    t.equal((await call('DELETE', `/auth/sessions/${other.session_id}`, { token })).status, 204, time);
  }
  t.equal((await call('DELETE', `/auth/sessions/${current.session_id}`, { token })).status, 204);
  t.equal((await call('GET', '/auth/sessions', { token })).status, 401);
});
