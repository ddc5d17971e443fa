/** A guard and an example service, of a whole authority: the first request after a logout was answered is refused. */
import t from 'tap';
import { startAuthority } from '../support/authority.ts';
import { inCheckout } from '../support/checkout.ts';
import { createHttpClient } from '../support/clients.ts';
import { eventually } from '../support/eventually.ts';
import { aGuard, said } from '../support/guards.ts';
import { startProcess } from '../support/process.ts';

const logouts = 12;

t.test('from login to logout', async (t) => {
  const authority = await startAuthority();
  let running = true;
  t.teardown(() => (running ? authority.stop() : undefined));
  const { serviceToken, grpcPort, call } = authority;
  const address = `127.0.0.1:${grpcPort}`;
  const options = { serviceToken, audience: 'countersign', issuer: 'http://127.0.0.1:8080' };
  const guard = aGuard(t, [{ address }], options);
  const file = inCheckout('examples/fastify.mjs');
  const example = startProcess(process.execPath, [file], {
    env: { AUTHORITY: address, SERVICE_TOKEN: serviceToken, PORT: '0' },
  });
  t.teardown(() => example.stop());
  await guard.ready();
  const [base = ''] = await example.waitForOutput(/http:\S+/);
  const service = createHttpClient(base);
  await eventually('the service is ready', async () => (await service('GET', '/ready')).status === 200);

  await authority.register('alice@example.com');
  for (let count = 0; count < logouts; count += 1) {
    const { access_token: token, session_id } = await authority.login('alice@example.com');
    t.equal((await guard.verify(token)).sid, session_id);
    t.equal((await service('GET', '/orders', { token })).status, 200);
    t.equal((await call('POST', '/auth/logout', { token })).status, 204);
    t.equal((await service('GET', '/orders', { token })).status, 401, 'the first request to the service');
    t.equal(await said(guard, token), '401 invalid_token revoked');
  }
  t.equal(guard.state().counts.acceptedByAuthority, 0, 'memory decided all of it');
  t.strictSame(guard.faults, []);

  const { access_token: last } = await authority.login('alice@example.com');
  t.equal(await said(guard, last), 'accepted');
  running = false;
  await authority.stop();
  await eventually('its lease has run out', () => guard.state().status === 'no_lease');
  t.match(await said(guard, last), /^503 unavailable/, 'without an authority nothing is accepted');
});

t.test('a service token that is none', async (t) => {
  const authority = await startAuthority();
  t.teardown(() => authority.stop());
  const guard = aGuard(t, [{ address: `127.0.0.1:${authority.grpcPort}` }]);
  await eventually('it is told', () => guard.faults.some(({ kind }) => kind === 'refused'));
  t.match(guard.state().lastFault, { message: /^UNAUTHENTICATED/ });
});
