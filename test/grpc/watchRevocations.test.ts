/** The stream of an edge on the wire, with a client in another language that was written from the contract alone. */
import t from 'tap';
import { startAuthority } from '../support/authority.ts';
import { claimsOf } from '../support/clients.ts';
import { eventually } from '../support/eventually.ts';
import { startPythonEdge } from '../support/pythonEdge.ts';

const kidOf = (token: string): string =>
  JSON.parse(Buffer.from(token.split('.', 1)[0] ?? '', 'base64url').toString()).kid;

t.test('an edge in Python', async (t) => {
  const authority = await startAuthority();
  t.teardown(() => authority.stop());
  await authority.register('alice@example.com');
  const login = async () => {
    const { access_token } = await authority.login('alice@example.com');
    const token = { jti: claimsOf(access_token).jti, kid: kidOf(access_token) };
    const logout = () => authority.call('POST', '/auth/logout', { token: access_token });
    return { ...token, access_token, logout };
  };
  const before = await login();
  t.equal((await before.logout()).status, 204);
  const live = await login();
  const edge = await startPythonEdge(`127.0.0.1:${authority.grpcPort}`, authority.serviceToken);
  t.teardown(() => edge.stop());
  const check = ({ jti, kid }: { jti: string; kid: string }) => edge.ask({ check: jti, kid });

  t.strictSame(await check(live), { revoked: false, by: 'node' }, 'without a lease, the node is asked');
  t.strictSame(await edge.ask({ watch: true }), { lease: true });
  const state = await edge.ask({ state: true });
  t.equal(state.entries, 1, 'the snapshot holds what was revoked before');
  t.ok(state.kids.includes(live.kid), 'keys come on the stream');

  t.strictSame(await check(live), { revoked: false, by: 'memory' });
  t.strictSame(await check(before), { revoked: true, by: 'node' }, 'a hit of a filter is confirmed');
  for (let round = 0; round < 20; round += 1) {
    const session = round === 0 ? live : await login();
    t.strictSame(await check(session), { revoked: false, by: 'memory' });
    t.equal((await session.logout()).status, 204);
    t.strictSame(await check(session), { revoked: true, by: 'memory' }, 'from the answer to the logout on');
  }

  const last = await login();
  t.strictSame(await edge.ask({ leave: true }), { status: 'OK' });
  t.strictSame(await check(last), { revoked: false, by: 'node' }, 'an edge that left has no lease');
  t.equal((await last.logout()).status, 204, 'and nobody waits for it');
  await eventually('its stream has ended, and its lease', async () => {
    const metrics = (await authority.call('GET', '/metrics')).body;
    return /^countersign_edges_connected 0$/m.test(metrics) && /^countersign_edge_leases 0$/m.test(metrics);
  });
});
