/** UserService for support: the operations of the command line over gRPC, with a permission of their own. */
import { randomUUID } from 'node:crypto';
import t, { type Test } from 'tap';
import { accountLimits } from '../../src/accounts/limits.ts';
import { type Permission, permissions } from '../../src/services/service.ts';
import { startAuthority } from '../support/authority.ts';
import { mailSettings, startMailServer } from '../support/mailServer.ts';
import { createRpcClient, refusalOf } from '../support/rpcClient.ts';
import { enrolled } from '../support/secondFactor.ts';

const ada = 'ada@example.com';

async function begin(t: Test, settings: Readonly<Record<string, string>> = {}) {
  const mail = await startMailServer();
  t.teardown(() => mail.stop());
  const node = await startAuthority({ env: { ...mailSettings(mail), ...settings } });
  t.teardown(() => node.stop());
  const { id } = await enrolled(node, ada, Date.now);
  const { body } = await node.call('GET', '/auth/me', {
    token: (await node.register('bob@example.com')) && (await node.login('bob@example.com')).access_token,
  });
  const as = async (allowed: readonly Permission[]) => {
    const service = { name: `desk-${randomUUID()}`, permissions: allowed };
    const { token } = await node.authority.operations.createService(service, { name: 'operator' });
    const client = createRpcClient(`127.0.0.1:${node.grpcPort}`, token);
    t.teardown(() => client.close());
    return client.call;
  };
  return { ...node, mail, as, factor: id, bob: body.user_id as string };
}

t.test('what support reads', async (t) => {
  const { as, bob, authority } = await begin(t);
  const call = await as(['users.support']);
  const { users, nextPageToken } = await call('listUsers', { pageSize: 1 });
  t.match(users, [{ email: ada, disabled: false, emailVerified: false }]);
  const [{ userId }] = users;
  const next = await call('listUsers', { pageSize: 1, pageToken: nextPageToken });
  t.match(next.users, [{ userId: bob, email: 'bob@example.com' }]);
  t.match(await call('listUsers', {}), { users: { length: 2 }, nextPageToken: '' });
  const shown = await call('getUser', { email: 'Ada@Example.com' });
  t.match(shown, {
    ...{ user: { userId, email: ada }, factors: ['totp', 'recovery_code'], recoveryCodesLeft: 10 },
    ...{ sessions: 1, signIns: [{ type: 'login_succeeded', reason: 'password', actor: 'user' }] },
  });
  t.same(await call('getUser', { userId }), shown);
  const readings = await authority.operations.listAudit({ type: 'user_data_read' });
  t.match(
    readings.map(({ actor, userId: about, detail }) => [actor, about, detail]),
    [
      ...[userId, userId].map((about) => [/^service:desk-/, about, { view: 'user' }]),
      ...[1, 2, 3].map(() => [/^service:desk-/, undefined, { view: 'users' }]),
    ],
    'each is recorded, with who looked',
  );
  const added = await call('listUserEvents', { userId, type: 'factor_added' });
  t.match(added, { events: [{ type: 'factor_added', reason: 'totp', detail: /^\{"factor":"/ }] });
  t.match(await authority.operations.listAudit({ type: 'user_data_read', limit: 1 }), [
    { actor: /^service:desk-/, userId, detail: { view: 'events' } },
  ]);
  const page = await call('listUserEvents', { userId, pageSize: 1 });
  t.equal(page.events.length, 1);
  const older = await call('listUserEvents', { userId, pageSize: 1, pageToken: page.nextPageToken });
  t.not(older.events[0].eventId, page.events[0].eventId);
});

t.test('what support does, and who it was', async (t) => {
  const { as, bob, mail, authority } = await begin(t);
  const call = await as(['users.support', 'users.manage']);
  const {
    user: { userId },
  } = await call('getUser', { email: ada });
  await call('sendRecovery', { userId: bob, requestId: 'ticket-7' });
  t.match(await mail.mailTo('bob@example.com'), { subject: 'Set a new password' });
  await call('verifyEmail', { userId: bob });
  t.match(await call('getUser', { userId: bob }), { user: { emailVerified: true } });
  const { password: oneTime, endedSessions } = await call('setOneTimePassword', { userId: bob });
  t.match(oneTime, /^[0-9A-Z-]{29}$/);
  t.match(endedSessions, 1);
  const { dueTimeMs } = await call('resetFactors', { userId });
  t.ok(Number(dueTimeMs) > Date.now());
  t.match(await call('getUser', { userId }), { factorsResetTimeMs: dueTimeMs });
  t.match(await call('stopFactorsReset', { userId }), { stopped: true });
  t.match(await call('stopFactorsReset', { userId }), { stopped: false });
  const types = ['recovery_requested', 'email_verified', 'one_time_password_set', 'factors_reset_requested'];
  for (const type of types) {
    const [event] = await authority.operations.listAudit({ type });
    t.match(event?.actor, /^service:desk-/, type);
  }
  const [asked] = await authority.operations.listAudit({ type: 'recovery_requested' });
  t.equal(asked?.requestId, 'ticket-7');
});

t.test('mails of recovery have a budget', async (t) => {
  const { as, bob } = await begin(t, { RATE_LIMITS: '1' });
  const call = await as(['users.support']);
  const { address } = accountLimits.mailBudgets.sent_recovery;
  for (let sent = 0; sent < address; sent += 1) await call('sendRecovery', { userId: bob });
  const refused = { code: 'RESOURCE_EXHAUSTED', details: /Enough mails/ };
  t.match(await refusalOf(call('sendRecovery', { userId: bob })), refused);
});

t.test('permissions, and bad requests', async (t) => {
  const { as, bob } = await begin(t);
  const others = permissions.filter((each) => each !== 'users.support');
  const [without, support, both] = [
    await as(others),
    await as(['users.support']),
    await as(['users.support', 'users.manage']),
  ];
  const denied = { code: 'PERMISSION_DENIED' };
  for (const method of ['listUsers', 'getUser', 'listUserEvents', 'sendRecovery', 'verifyEmail'])
    t.match(await refusalOf(without(method, { userId: bob })), denied, method);
  for (const method of ['setOneTimePassword', 'resetFactors', 'stopFactorsReset'])
    t.match(await refusalOf(without(method, { userId: bob })), denied, method);
  for (const method of ['disableUser', 'deleteUser'])
    t.match(await refusalOf(support(method, { userId: bob })), denied, method);
  const atOnce = { userId: bob, nowReason: 'showed an identity card' };
  t.match(await refusalOf(support('resetFactors', atOnce)), { ...denied, details: /users\.manage/ });
  t.match(await both('resetFactors', atOnce), { dueTimeMs: 0 });
  const refused = await refusalOf(support('setOneTimePassword', { userId: bob }));
  t.match(refused, { ...denied, details: /users\.manage/ });
  const rows: readonly (readonly [string, object, string])[] = [
    ['getUser', {}, 'user_id'],
    ['getUser', { userId: 'x' }, 'user_id'],
    ['getUser', { email: 'x' }, 'email'],
    ['listUsers', { pageSize: 501 }, 'page_size'],
    ['listUsers', { pageSize: -1 }, 'page_size'],
    ['listUsers', { pageToken: 'x' }, 'page_token'],
    ['listUserEvents', { userId: bob, type: 'x' }, 'type'],
    ['listUserEvents', { userId: bob, pageToken: '%' }, 'page_token'],
    ['setOneTimePassword', { userId: '' }, 'user_id'],
    ['resetFactors', { userId: bob, requestId: 'ä' }, 'request_id'],
  ];
  for (const [method, request, field] of rows)
    t.match(
      await refusalOf(both(method, request)),
      { code: 'INVALID_ARGUMENT', details: new RegExp(field) },
      `${method} ${JSON.stringify(request)}`,
    );
  for (const method of ['getUser', 'sendRecovery', 'setOneTimePassword', 'resetFactors'])
    t.match(await refusalOf(both(method, { userId: randomUUID() })), { code: 'NOT_FOUND' }, method);
});
