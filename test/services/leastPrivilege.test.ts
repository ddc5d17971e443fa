/** Each power is a permission of its own: who has it may, who has all others may not. */
import { randomUUID } from 'node:crypto';
import t from 'tap';
import { revokePermissions } from '../../src/revocation/grpc.ts';
import {
  firstServicePermissions,
  type Permission,
  permissions,
  usualPermissions,
} from '../../src/services/service.ts';
import { startAuthority } from '../support/authority.ts';
import { claimsOf } from '../support/clients.ts';
import { createRpcClient, refusalOf } from '../support/rpcClient.ts';

t.test('what may be revoked with each permission', async (t) => {
  const authority = await startAuthority();
  t.teardown(() => authority.stop());
  const as = async (allowed: readonly Permission[]) => {
    const service = { name: `service-${randomUUID()}`, permissions: allowed };
    const { token } = await authority.authority.operations.createService(service, { name: 'operator' });
    const client = createRpcClient(`127.0.0.1:${authority.grpcPort}`, token);
    t.teardown(() => client.close());
    return client.call;
  };
  await authority.register('alice@example.com');
  const aSession = async () => {
    const { access_token: token } = await authority.login('alice@example.com');
    const { jti, sid, sub } = claimsOf(token);
    return { token, jti, sid, sub };
  };
  const exp = Math.floor(Date.now() / 1000) + 3_600;
  type Live = Awaited<ReturnType<typeof aSession>>;

  const rows: readonly (readonly [
    kind: keyof typeof revokePermissions,
    request: (live: Live) => object,
    permission: Permission,
    dryRun?: Permission,
  ])[] = [
    ['token', ({ token }) => ({ token }), 'tokens.revoke'],
    ['jti', ({ jti }) => ({ jti }), 'tokens.revoke'],
    ['externalId', () => ({ external: { externalId: randomUUID(), exp } }), 'external_ids.revoke'],
    ['sessionId', ({ sid }) => ({ sessionId: sid }), 'sessions.end'],
    ['userId', ({ sub }) => ({ userId: sub }), 'users.logout'],
    ['clientId', () => ({ clientId: 'nobody' }), 'sessions.end_matching', 'sessions.read'],
    ['filter', () => ({ filter: { clientId: 'nobody' } }), 'sessions.end_matching', 'sessions.read'],
    ['kid', () => ({ kid: 'x'.repeat(43) }), 'keys.manage'],
  ];
  t.strictSame(rows.map(([kind]) => kind).sort(), Object.keys(revokePermissions).sort(), 'none is left out');

  for (const [kind, requestFor, permission, counting = permission] of rows) {
    for (const [dryRun, needed] of [
      [false, permission],
      [true, counting],
    ] as const) {
      const request = { ...requestFor(await aSession()), dryRun };
      const without = await as(permissions.filter((name) => name !== needed));
      t.match(
        await refusalOf(without('revoke', request)),
        { code: 'PERMISSION_DENIED', details: `This service does not have the permission ${needed}.` },
        `${kind}${dryRun ? ', a dry run' : ''}: without ${needed}`,
      );
      const having = (await as([needed]))('revoke', request);
      // There is no such key: it was looked for.
      if (kind === 'kid') t.match(await refusalOf(having), { code: 'NOT_FOUND' });
      else await t.resolves(having, `${kind}${dryRun ? ', a dry run' : ''}: with ${needed}`);
    }
  }
});

t.test('a service that was made without a word reads', async (t) => {
  t.strictSame(usualPermissions, ['tokens.check', 'tokens.introspect']);
  t.strictSame(firstServicePermissions, ['tokens.check', 'tokens.introspect', 'tokens.revoke']);
});
