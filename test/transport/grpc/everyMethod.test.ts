/** Every method of the contract by a Python client, which was written from the comments in proto/, and the stream by `buf curl`. */
import { execFile } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { promisify } from 'node:util';
import t from 'tap';
import { permissions } from '../../../src/services/service.ts';
import { startAuthority } from '../../support/authority.ts';
import { checkout } from '../../support/checkout.ts';
import { claimsOf, kidOf } from '../../support/clients.ts';
import { methods } from '../../support/grpcMethods.ts';
import { startPythonSubscriber } from '../../support/pythonSubscriber.ts';

const root = checkout;

t.test('every method', async (t) => {
  const authority = await startAuthority({ env: { GRPC_REFLECTION: 'on' } });
  t.teardown(() => authority.stop());
  const operator = { name: 'operator' };
  const { operations } = authority.authority;
  const { token: serviceToken } = await operations.createService(
    { name: 'every-method', permissions },
    operator,
  );
  await authority.register('alice@example.com');
  const address = `127.0.0.1:${authority.grpcPort}`;

  await t.test('Python', async (t) => {
    const { access_token: token } = await authority.login('alice@example.com');
    const other = await authority.login('alice@example.com');
    const { jti, sid, sub } = claimsOf(token);
    const kid = kidOf(token);
    const named = randomUUID();
    // In an order in which each finds what it needs.
    const rows: readonly (readonly [method: string, request: object, answer: object])[] = [
      ['TokenService/IsRevoked', { jti, kid }, { response: { decidedBy: 'DECIDED_BY_BLOOM' } }],
      ['TokenService/BatchIsRevoked', { jtis: [jti] }, { response: { results: [{ revoked: false }] } }],
      ['TokenService/Introspect', { token }, { response: { active: true, sub } }],
      ['TokenService/BatchIntrospect', { tokens: [token, 'x'] }, { response: { results: [{ sub }, {}] } }],
      ['SessionService/GetSession', { sessionId: sid }, { response: { session: { userId: sub } } }],
      ['SessionService/ListSessions', { userId: sub }, { response: { sessions: [{}, {}] } }],
      [
        'SessionService/FindSessions',
        { filter: { userId: sub } },
        { response: { sessions: [{ clientId: 'first-party' }, { acr: '1fa' }] } },
      ],
      [
        'RevocationService/PreviewRevocation',
        { filter: { userId: sub } },
        { response: { matchedSessions: '2', users: '1' } },
      ],
      ['SessionService/EndSession', { sessionId: other.session_id }, { response: { ended: true } }],
      ['RevocationService/Revoke', { sessionId: sid, requestId: named }, { response: { endedSessions: 1 } }],
      ['RevocationService/GetRevocation', { requestId: named }, { response: { finished: true } }],
      ['TokenService/IsRevoked', { jti }, { response: { revoked: true, reason: 'REASON_REVOKED' } }],
      ['UserService/DisableUser', { userId: sub, requestId: 'left' }, { response: { endedSessions: 0 } }],
      ['UserService/EnableUser', { userId: sub }, { response: {} }],
      ['UserService/ListUsers', {}, { response: { users: [{}] } }],
      ['UserService/GetUser', { userId: sub }, { response: { user: { userId: sub } } }],
      ['UserService/ListUserEvents', { userId: sub }, { response: { events: Array } }],
      ['UserService/SendRecovery', { userId: sub }, { response: {} }],
      ['UserService/VerifyEmail', { userId: sub }, { response: {} }],
      ['UserService/ResetFactors', { userId: sub }, { response: { dueTimeMs: String } }],
      ['UserService/StopFactorsReset', { userId: sub }, { response: { stopped: true } }],
      ['UserService/UnlockUser', { userId: sub }, { response: {} }],
      ['UserService/SetOneTimePassword', { userId: sub }, { response: { password: String } }],
      [
        'RoleService/SetResource',
        { resource: { audience: 'orders', scopes: ['read'] } },
        { response: { taken: {} } },
      ],
      ['RoleService/ListResources', {}, { response: { resources: [{ audience: 'orders' }] } }],
      [
        'RoleService/SetRole',
        { name: 'clerk', audience: 'orders', scopes: ['read'] },
        { response: { taken: {} } },
      ],
      ['RoleService/ListRoles', {}, { response: { roles: [{ name: 'clerk' }] } }],
      ['RoleService/GrantRole', { role: 'clerk', userId: sub }, { response: { taken: {} } }],
      ['RoleService/ListGrants', { userId: sub }, { response: { grants: [{ role: 'clerk' }] } }],
      ['RoleService/TakeRole', { role: 'clerk', userId: sub }, { response: { taken: { sessions: 0 } } }],
      ['RoleService/RemoveRole', { name: 'clerk' }, { response: { taken: {} } }],
      ['RoleService/RemoveResource', { audience: 'orders' }, { response: { taken: {} } }],
      ['UserService/DeleteUser', { userId: sub }, { response: {} }],
      ['ClientService/ListClients', {}, { response: { clients: Array } }],
      ['ClientService/CreateClient', { name: 'orders' }, { response: { secret: /^st_/ } }],
      [
        'ClientService/UpdateClient',
        { client: 'orders', fields: ['scopes'] },
        { response: { sessions: '0' } },
      ],
      ['ClientService/RotateClientSecret', { name: 'orders' }, { response: { secret: /^st_/ } }],
      ['ClientService/DisableClient', { client: 'orders' }, { response: {} }],
      ['ClientService/EnableClient', { client: 'orders' }, { response: {} }],
      ['ClientService/RevokeClient', { client: 'orders' }, { response: {} }],
      ['AuditService/ListEvents', { type: 'client_enabled' }, { response: { events: [{}] } }],
      ['AuditService/VerifyChain', {}, { response: { intact: true } }],
      ['StatusService/GetStatus', {}, { response: { status: { nodeId: String } } }],
      ['StatusService/ListSettings', {}, { response: { settings: Array } }],
      ['StatusService/ListRefusals', {}, { response: { sinceMs: String } }],
      ['OutboxService/ListMessages', {}, { response: {} }],
      ['OutboxService/RetryMessage', { messageId: randomUUID() }, { status: 'NOT_FOUND' }],
      ['KeyService/ListKeys', {}, { response: { keys: [{}, {}] } }],
      ['KeyService/ResealKeys', {}, { response: { signingKeys: 0 } }],
      ['KeyService/RotateKey', {}, { response: { rotated: true } }],
      ['KeyService/RevokeKey', { kid }, { response: { effectTimeMs: String } }],
    ];
    const tried = new Set(rows.map(([path]) => path.split('/')[1]).concat('WatchRevocations', 'WatchStatus'));
    t.strictSame([...tried].sort(), Object.keys(methods).sort(), 'none is left out');

    const python = await startPythonSubscriber(address, serviceToken);
    t.teardown(() => python.stop());
    t.strictSame(await python.ask({ watch: true }), { lease: true });
    for (const [call, request, answer] of rows) t.match(await python.ask({ call, request }), answer, call);
    const [disabled] = await operations.listAudit({ limit: 1, type: 'user_disabled' });
    t.match(disabled, { userId: sub, requestId: 'left' }, 'as the caller called it');
    t.strictSame(await python.ask({ leave: true }), { status: 'OK' });
  });

  for (const [how, schema] of [
    ['with reflection', ['--reflect']],
    ['with --schema proto', ['--schema', `${root}proto`]],
  ] as const) {
    await t.test(`the stream by buf curl ${how}`, async (t) => {
      const { stdout } = await promisify(execFile)(`${root}node_modules/.bin/buf`, [
        ...['curl', ...schema, '--protocol', 'grpc', '--http2-prior-knowledge'],
        ...['-H', `authorization: Bearer ${serviceToken}`, '-d', '{"start":{"edgeId":"curl"}}'],
        `http://${address}/countersign.v1.RevocationService/WatchRevocations`,
      ]);
      t.match(stdout, /"started"[\s\S]*"keys"[\s\S]*"snapshotEnd"/, 'what was on its way is sent to its end');
    });
  }
});
