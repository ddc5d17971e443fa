/** `buf curl`, a client that was not made for us, at every unary method of an authority. */
import { execFile } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { promisify } from 'node:util';
import type { Test } from 'tap';
import { permissions } from '../../../src/services/service.ts';
import { startAuthority, type TestAuthority } from '../../support/authority.ts';
import { checkout, inCheckout } from '../../support/checkout.ts';
import { claimsOf } from '../../support/clients.ts';
import { methods } from '../../support/grpcMethods.ts';

export const run = promisify(execFile);
export const buf = inCheckout('node_modules/.bin/buf');

/** Where it has the descriptions from. */
export type Schema = readonly string[];
export const [reflected, fromFiles]: readonly [Schema, Schema] = [['--reflect'], ['--schema', 'proto']];

export async function startForCurl(t: Test) {
  const authority = await startAuthority({ env: { GRPC_REFLECTION: 'on' } });
  t.teardown(() => authority.stop());
  const { token } = await authority.authority.operations.createService(
    { name: 'everything', permissions },
    { name: 'operator' },
  );
  await authority.register('alice@example.com');
  const curl = async (schema: Schema, method: string, request: object) => {
    const url = `http://127.0.0.1:${authority.grpcPort}/countersign.v1.${method}`;
    const protocol = ['--protocol', 'grpc', '--http2-prior-knowledge', '--emit-defaults'];
    const header = ['-H', `authorization: Bearer ${token}`];
    const parameters = ['curl', ...schema, ...protocol, ...header, '-d', JSON.stringify(request), url];
    const { stdout } = await run(buf, parameters, { cwd: checkout });
    return JSON.parse(stdout);
  };
  return { authority, curl };
}

type Curl = Awaited<ReturnType<typeof startForCurl>>['curl'];

export async function everyMethod(t: Test, authority: TestAuthority, curl: Curl, schema: Schema) {
  const { access_token: accessToken } = await authority.login('alice@example.com');
  const { jti, sid, sub } = claimsOf(accessToken);
  const named = randomUUID();
  const leaver = `leaver${randomUUID()}@example.com`;
  await authority.register(leaver);
  const { sub: userId } = claimsOf((await authority.login(leaver)).access_token);
  const requests: Record<string, readonly [request: object, answer: object]> = {
    'TokenService/IsRevoked': [{ jti }, { revoked: false, decidedBy: 'DECIDED_BY_BLOOM' }],
    'TokenService/BatchIsRevoked': [{ jtis: [jti, 'x'] }, { results: [{ revoked: false }, { failure: {} }] }],
    'TokenService/Introspect': [{ token: accessToken }, { active: true, sid }],
    'TokenService/BatchIntrospect': [{ tokens: ['x'] }, { results: [{ active: false }] }],
    'SessionService/GetSession': [{ jti }, { session: { sessionId: sid }, clientId: 'first-party' }],
    'SessionService/ListSessions': [{ userId: sub, pageSize: 1 }, { sessions: [{ sessionId: sid }] }],
    'RevocationService/Revoke': [{ filter: { userId: sub }, dryRun: true }, { endedSessions: 0 }],
    'RevocationService/PreviewRevocation': [{ filter: { userId: sub } }, { byClient: [{}] }],
    'SessionService/FindSessions': [{ filter: { userId: sub } }, { sessions: [{ sessionId: sid }] }],
    'SessionService/EndSession': [{ sessionId: sid, requestId: named }, { ended: true }],
    'RevocationService/GetRevocation': [{ requestId: named }, { endedSessions: '1', finished: true }],
    'UserService/DisableUser': [{ userId }, { endedSessions: '1' }],
    'UserService/EnableUser': [{ userId }, {}],
    'UserService/ListUsers': [{ pageSize: 1 }, { users: [{}] }],
    'UserService/GetUser': [{ userId }, { user: { userId } }],
    // What `GetUser` read is told, too.
    'UserService/ListUserEvents': [
      { userId, pageSize: 2 },
      { events: [{ type: 'user_data_read' }, { type: 'user_enabled' }] },
    ],
    'UserService/SendRecovery': [{ userId }, {}],
    'UserService/VerifyEmail': [{ userId }, {}],
    'UserService/ResetFactors': [{ userId }, { endedSessions: '0' }],
    'RoleService/SetResource': [{ resource: { audience: 'orders', scopes: ['read'] } }, { taken: {} }],
    'RoleService/ListResources': [{}, { resources: [{ audience: 'orders' }] }],
    'RoleService/SetRole': [{ name: 'clerk', audience: 'orders', scopes: ['read'] }, { taken: {} }],
    'RoleService/ListRoles': [{}, { roles: [{ name: 'clerk' }] }],
    'RoleService/GrantRole': [{ role: 'clerk', userId }, { taken: {} }],
    'RoleService/ListGrants': [{ userId }, { grants: [{ role: 'clerk' }] }],
    'RoleService/TakeRole': [{ role: 'clerk', userId }, { taken: {} }],
    'RoleService/RemoveRole': [{ name: 'clerk' }, { taken: {} }],
    'RoleService/RemoveResource': [{ audience: 'orders' }, { taken: {} }],
    'UserService/UnlockUser': [{ userId }, {}],
    'UserService/StopFactorsReset': [{ userId }, { stopped: true }],
    'UserService/SetOneTimePassword': [{ userId }, { endedSessions: '0' }],
    'UserService/DeleteUser': [{ userId }, { endedSessions: '0' }],
    'ClientService/CreateClient': [{ name: leaver.split('@')[0] }, { secret: /^st_/ }],
    'ClientService/ListClients': [{}, { clients: Array }],
    'ClientService/UpdateClient': [
      { client: leaver.split('@')[0], fields: ['scopes'], scopes: ['read'] },
      { sessions: '0' },
    ],
    'ClientService/RotateClientSecret': [{ name: leaver.split('@')[0] }, { secret: /^st_/ }],
    'ClientService/DisableClient': [{ client: leaver.split('@')[0] }, { sessions: '0' }],
    'ClientService/EnableClient': [{ client: leaver.split('@')[0] }, {}],
    'ClientService/RevokeClient': [{ client: leaver.split('@')[0] }, {}],
    'AuditService/ListEvents': [{ type: 'client_enabled' }, { events: [{ event: {} }] }],
    'AuditService/VerifyChain': [{}, { intact: true }],
    'StatusService/GetStatus': [{}, { status: { parts: Array } }],
    'StatusService/ListSettings': [{}, { settings: Array }],
    'StatusService/ListRefusals': [{}, { refusals: [] }],
    'OutboxService/ListMessages': [{}, { messages: Array }],
    'KeyService/ListKeys': [{}, { keys: [{}, {}] }],
    'KeyService/ResealKeys': [{}, { signingKeys: 0 }],
  };
  for (const [method, [request, answer]] of Object.entries(requests))
    t.match(await curl(schema, method, request), answer, method);
  const { keys } = (await curl(schema, 'KeyService/ListKeys', {})) as {
    keys: { kid: string; state: string }[];
  };
  const next = keys.find(({ state }) => state === 'KEY_STATE_NEXT')?.kid;
  t.match(await curl(schema, 'KeyService/RevokeKey', { kid: next }), { endedSessions: '0' });
  // Rotating again at once is refused, since caches may not have the next key yet: that is an answer too.
  const rotated = await curl(schema, 'KeyService/RotateKey', {}).catch((error) => String(error.stderr));
  t.match(JSON.stringify(rotated), /kid|failed_precondition/);
  const retried = await curl(schema, 'OutboxService/RetryMessage', { messageId: randomUUID() }).catch(
    (error) => String(error.stderr),
  );
  t.match(JSON.stringify(retried), /not_found/);
  const apart = ['KeyService/RevokeKey', 'KeyService/RotateKey', 'OutboxService/RetryMessage'];
  const tried = [...Object.keys(requests), ...apart];
  const unary = Object.keys(methods).filter((name) => !name.startsWith('Watch'));
  t.strictSame(tried.map((path) => path.split('/')[1] ?? '').sort(), unary.sort(), 'that is every method');
}
