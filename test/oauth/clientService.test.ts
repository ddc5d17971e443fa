/** ClientService: what a caller may give to the clients that it creates. */
import t from 'tap';
import { startAuthority } from '../support/authority.ts';
import { createRpcClient, refusalOf } from '../support/rpcClient.ts';

t.test('nobody gets more by way of a new client', async (t) => {
  const authority = await startAuthority();
  t.teardown(() => authority.stop());
  const { operations } = authority.authority;
  const desk = { name: 'desk', permissions: ['clients.manage', 'users.support'] } as const;
  const { token } = await operations.createService(desk, { name: 'operator' });
  const { call, close } = createRpcClient(`127.0.0.1:${authority.grpcPort}`, token);
  t.teardown(close);
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
