/** A named request that is repeated when what it took back has expired: it is still the success that it was. */
import { randomUUID } from 'node:crypto';
import t from 'tap';
import { permissions } from '../../src/services/service.ts';
import { startAuthority } from '../support/authority.ts';
import { claimsOf } from '../support/clients.ts';
import { createRpcClient, refusalOf } from '../support/rpcClient.ts';
import { createShiftedClock } from '../support/shiftedClock.ts';

const minute = 60_000;
const day = 24 * 60 * minute;

t.test('one authority', async (t) => {
  const clock = createShiftedClock();
  const authority = await startAuthority({ clock });
  t.teardown(() => authority.stop());
  const { operations } = authority.authority;
  const { token: serviceToken } = await operations.createService(
    { name: 'late', permissions },
    { name: 'operator' },
  );
  const { call, close } = createRpcClient(`127.0.0.1:${authority.grpcPort}`, serviceToken);
  t.teardown(close);
  await authority.register('alice@example.com');
  const { access_token: token } = await authority.login('alice@example.com');
  const external = (externalId: string) => ({
    externalId,
    exp: Math.floor(clock.now() / 1000) + 60,
  });

  t.test('tokens that were live the first time', async (t) => {
    const requests = [
      { token, requestId: randomUUID() },
      { jti: claimsOf(token).jti, requestId: randomUUID() },
      { external: external('42'), requestId: randomUUID() },
    ];
    for (const request of requests) await call('Revoke', request);
    clock.shift(20 * minute);
    for (const request of requests) {
      const { requestId, ...target } = request;
      // A jti does not say how long its token lives, so it is revoked for as long as one can.
      const effectTimeMs = 'jti' in target ? /^[1-9]/ : 0;
      t.match(await call('Revoke', request), { endedSessions: 0, effectTimeMs }, `${Object.keys(target)}`);
    }
    const [first, , last] = requests as [object, object, object];
    for (const [request, field] of [
      [first, 'token'],
      [last, 'exp'],
    ] as const) {
      const another = { ...request, requestId: randomUUID() };
      for (const attempt of [another, another, { ...request, requestId: '' }])
        t.match(await refusalOf(call('Revoke', attempt)), { code: 'INVALID_ARGUMENT', field });
    }
    const reused = { external: { externalId: '43', exp: 1 }, requestId: requests[0]?.requestId };
    t.match(await refusalOf(call('Revoke', reused)), { code: 'INVALID_ARGUMENT', field: 'request_id' });
  });

  t.test('a session that had expired did not end', async (t) => {
    const { session_id: sessionId } = await authority.login('alice@example.com');
    clock.shift(400 * day);
    t.match(await call('EndSession', { sessionId }), { ended: false, effectTimeMs: 0 });
  });

  t.test('none of it was an error of ours', async (t) => {
    t.notMatch(authority.log(), /"level":"(error|fatal)"/);
  });
});
