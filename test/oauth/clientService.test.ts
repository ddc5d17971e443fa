/** ClientService: what a caller may give to the clients that it creates. */
import t, { type Test } from 'tap';
import type { NewClient } from '../../src/oauth/clients/checkClient.ts';
import { startAuthority } from '../support/authority.ts';
import { operator } from '../support/oauthClients.ts';
import { createRpcClient, refusalOf } from '../support/rpcClient.ts';

async function open(t: Test) {
  const authority = await startAuthority();
  t.teardown(() => authority.stop());
  const { operations } = authority.authority;
  const desk = { name: 'desk', permissions: ['clients.manage', 'users.support'] } as const;
  const { token } = await operations.createService(desk, { name: 'operator' });
  const { call, close } = createRpcClient(`127.0.0.1:${authority.grpcPort}`, token);
  t.teardown(close);
  return { operations, call };
}

t.test('nobody gets more by way of a new client', async (t) => {
  const { call } = await open(t);
  const app = { kind: 'app', public: true, redirectUris: ['https://shop.example/callback'] };
  const rows: readonly (readonly [string, object])[] = [
    ['a permission of its own', { permissions: ['users.manage'] }],
    ['a permission for its users, who may be administrators', { ...app, scopes: ['read', 'users.manage'] }],
    ['all that its users may do', { ...app, scopes: ['account'] }],
  ];
  for (const [what, client] of rows)
    t.match(
      await refusalOf(call('createClient', { name: 'more', ...client })),
      { code: 'PERMISSION_DENIED' },
      what,
    );
  t.ok((await call('createClient', { name: 'shop', ...app, scopes: ['read', 'users.support'] })).clientId);
});

t.test('nobody reads tokens for more audiences by way of a client', async (t) => {
  const authority = await startAuthority();
  t.teardown(() => authority.stop());
  const reader = {
    ...({ name: 'reader', kind: 'service', scopes: [], redirectUris: [] } as const),
    ...{ permissions: ['clients.manage', 'tokens.introspect'] as const, audiences: ['orders.example'] },
  };
  const { token } = await authority.authority.operations.createClient(reader, operator);
  const { call, close } = createRpcClient(`127.0.0.1:${authority.grpcPort}`, token ?? '');
  t.teardown(close);
  const another = (audiences: readonly string[]) =>
    call('createClient', { name: 'another', permissions: ['tokens.introspect'], audiences });
  const own = (audiences: readonly string[]) =>
    call('updateClient', { client: 'reader', fields: ['audiences'], audiences });
  for (const audiences of [['payroll.example'], ['orders.example', 'payroll.example'], []]) {
    t.match(await refusalOf(another(audiences)), { code: 'PERMISSION_DENIED' }, `new, ${audiences}`);
    t.match(await refusalOf(own(audiences)), { code: 'PERMISSION_DENIED' }, `changed, ${audiences}`);
  }
  t.ok((await another(['orders.example'])).clientId);
});

t.test('nobody gets more by way of the secret of a client', async (t) => {
  const { operations, call } = await open(t);
  const usual = { kind: 'app', permissions: [], audiences: [], scopes: [], redirectUris: [] } as const;
  const client = async (name: string, given: Partial<NewClient> = {}) => {
    const { id } = await operations.createClient({ ...usual, name, ...given }, operator);
    return { id, name };
  };
  const shop = await client('shop', { permissions: ['users.support'], scopes: ['read'] });
  const strong = await client('strong', { permissions: ['users.support', 'users.manage'] });
  const console = await client('console', { scopes: ['keys.manage'] });
  const own = await client('own', { scopes: ['account'] });
  const clerk = await client('clerk');
  const resource = { audience: 'orders', scopes: ['read'], everyone: [], accessTtlMs: undefined };
  await operations.setResource(resource, operator);
  await operations.setRole({ name: 'clerk', audience: 'orders', scopes: ['read'] }, operator);
  await operations.grantRole({ role: 'clerk', client: 'clerk' }, operator);
  const rows = [
    ['a permission', strong, 'users.manage'],
    ['a permission of its users, who may be administrators', console, 'keys.manage'],
    ['all that its users may do', own, 'roles.manage'],
    ['a role', clerk, 'roles.manage'],
  ] as const;
  for (const [what, { id, name }, reason] of rows)
    for (const named of [name, id]) {
      const refusal = await refusalOf(call('rotateClientSecret', { name: named }));
      const details = `This service does not have the permission ${reason}.`;
      t.match(refusal, { code: 'PERMISSION_DENIED', details }, `${what}, named ${named}`);
    }
  for (const named of [shop.name, shop.id])
    t.match(await call('rotateClientSecret', { name: named }), { secret: /^st_/ });
  t.match(await refusalOf(call('rotateClientSecret', { name: 'nobody' })), { code: 'NOT_FOUND' });
});
