/** A user's own activity: everything of theirs, nothing of others, and of operators only that they acted. */
import t from 'tap';
import { password, startAuthority } from '../support/authority.ts';

t.test('own events, page by page', async (t) => {
  const { register, login, call, refresh, stop } = await startAuthority();
  t.teardown(stop);
  await register('ada@example.com');
  const { body: bob } = await register('bob@example.com');
  await login('bob@example.com');
  for (let count = 0; count < 60; count += 1) await login('ada@example.com');
  const tokens = await login('ada@example.com');
  await refresh(tokens.refresh_token);
  await call('POST', '/auth/login', { body: { email: 'ada@example.com', password: 'wrong' } });
  const token = tokens.access_token;
  const read = async (query = '') => (await call('GET', `/auth/activity${query}`, { token })).body;

  const first = await read();
  t.equal(first.events.length, 50);
  t.match(first.events[0], { type: 'login_failed', by: 'user', ip: '127.0.0.1', session_id: null });
  const second = await read(`?after=${first.next}`);
  t.equal(second.next, undefined);
  const all = [...first.events, ...second.events];
  t.equal(new Set(all.map(({ id }) => id)).size, 50 + second.events.length, 'each once');
  t.equal(all.at(-1).type, 'user_registered');
  t.notOk(
    all.some(({ type }) => type === 'session_refreshed'),
    'refreshes are left out',
  );
  t.notMatch(JSON.stringify(all), bob.user_id);
  for (const event of all)
    t.strictSame(Object.keys(event).sort(), ['at', 'by', 'id', 'ip', 'reason', 'session_id', 'type']);

  for (const query of ['?after=x', '?limit=5', '?after=', `?after=${first.next}&after=${first.next}`])
    t.equal((await call('GET', `/auth/activity${query}`, { token })).status, 400, query);
  t.equal((await call('GET', '/auth/activity')).status, 401);
});

t.test('of operators: that they acted, not who, why or from where', async (t) => {
  const { register, login, call, authority, stop } = await startAuthority();
  t.teardown(stop);
  await register('ada@example.com');
  const { operations } = authority;
  const by = { name: 'operator:mallory', ip: '192.0.2.1' };
  // An administrator, over the API.
  await operations.disableUser({ email: 'ada@example.com' }, { ...by, name: 'user:mallory' });
  await operations.enableUser({ email: 'ada@example.com' }, by);
  const { access_token: token } = await login('ada@example.com');
  const { body } = await call('GET', '/auth/activity', { token });
  t.match(
    body.events.filter(({ type }: { type: string }) => type.startsWith('user_')),
    [
      { type: 'user_enabled', by: 'operator', ip: null, reason: null },
      { type: 'user_disabled', by: 'operator', ip: null, reason: null },
      { type: 'user_registered', by: 'user' },
    ],
  );
  t.notMatch(JSON.stringify(body), /mallory|192\.0\.2/);
  t.equal((await call('DELETE', '/auth/me', { token, body: { current_password: password } })).status, 204);
});
