/** A service token has an end, a successor, and a time at which it was used last. */
import { randomUUID } from 'node:crypto';
import t from 'tap';
import { serviceLimits } from '../../src/services/limits.ts';
import { startAuthority } from '../support/authority.ts';
import { eventually } from '../support/eventually.ts';
import { aGuard } from '../support/guards.ts';
import { createRpcClient, refusalOf } from '../support/rpcClient.ts';
import { createShiftedClock } from '../support/shiftedClock.ts';

const operator = { name: 'operator:alice(1000)' };
const hour = 60 * 60_000;
const day = 24 * hour;
const check = { externalId: '42' };

t.test('service tokens', async (t) => {
  const clock = createShiftedClock();
  const authority = await startAuthority({ clock });
  t.teardown(() => authority.stop());
  const { operations } = authority.authority;
  const { call, close } = createRpcClient(`127.0.0.1:${authority.grpcPort}`, '');
  t.teardown(close);
  const aService = async (expiresAt?: number) => {
    const name = `service-${randomUUID()}`;
    const service = { name, permissions: ['tokens.check'], expiresAt } as const;
    return { name, ...(await operations.createService(service, operator)) };
  };
  const isAnswered = async (token: string) =>
    (await call('isRevoked', check, { token }).then(
      () => 'OK',
      ({ details }) => String(details),
    )) === 'OK';
  const ends = (token: string) =>
    eventually(
      'it is refused',
      async () => !(await isAnswered(token)),
      serviceLimits.serviceTokenCacheMilliseconds + 1_000,
    );
  const listed = async (wanted: string) =>
    (await operations.listServices()).find(({ name }) => name === wanted);

  t.test('one that expires is answered until then, and is told that it has expired', async (t) => {
    const { name, token } = await aService(clock.now() + hour);
    t.ok(await isAnswered(token));
    clock.shift(hour);
    const refusal = await refusalOf(call('isRevoked', check, { token }));
    t.match(refusal, {
      code: 'UNAUTHENTICATED',
      reason: 'TOKEN_REQUIRED',
      details: /this service token expired/,
    });
    clock.shift(-hour);
    t.notOk(await isAnswered(token), 'a clock that is set back revives nothing');
    clock.shift(hour);
    const { body } = await authority.operations('GET', '/metrics');
    t.match(String(body), 'code="token_required",reason="service_token_expired"');
    const { token: next } = await operations.rotateServiceToken({ name }, operator);
    t.ok(await isAnswered(next), 'a new one is good');
    t.equal((await listed(name))?.tokens.length, 1, 'and nothing is left of the old one');
  });

  t.test('a stream ends with its token', async (t) => {
    const { name, token } = await aService(clock.now() + hour);
    const at = { address: `127.0.0.1:${authority.grpcPort}` };
    const guard = aGuard(t, [at], { serviceToken: token, audience: 'countersign' });
    await guard.ready();
    t.strictSame(guard.faults, []);
    clock.shift(hour);
    const refused = () => guard.faults.find(({ kind }) => kind === 'refused');
    t.match(await eventually('the guard is told', refused), { kind: 'refused' });
    t.equal((await listed(name))?.tokens.length, 1);
  });

  t.test('an end that is none is refused', async (t) => {
    for (const expiresAt of [clock.now(), clock.now() - 1, clock.now() + 3_651 * day, Number.NaN]) {
      await t.rejects(aService(expiresAt), { code: 'invalid_request', message: /^expires_at: must be in/ });
    }
    const { name } = await aService();
    for (const keepOldMs of [-1, 31 * day, Number.NaN]) {
      const rotation = operations.rotateServiceToken({ name, keepOldMs }, operator);
      await t.rejects(rotation, { code: 'invalid_request', message: /^keep_old: must be at most 30 days/ });
    }
  });

  t.test('rotated, the old one stays for a while, and no third one does', async (t) => {
    const { name, token: first } = await aService();
    t.ok(await isAnswered(first));
    const { token: second } = await operations.rotateServiceToken({ name, keepOldMs: hour }, operator);
    t.strictSame([await isAnswered(first), await isAnswered(second)], [true, true], 'both at once');
    clock.shift(hour);
    t.ok(await ends(first), 'the old one has its time');
    const { token: third } = await operations.rotateServiceToken({ name, keepOldMs: 10 * day }, operator);
    t.ok(await isAnswered(third));
    await eventually('its use is noted', async () => (await listed(name))?.tokens[0]?.lastUsedAt);
    const { token: fourth } = await operations.rotateServiceToken({ name, keepOldMs: 10 * day }, operator);
    t.ok(await ends(second), 'the next rotation ends what the last one kept');
    t.strictSame([await isAnswered(third), await isAnswered(fourth)], [true, true]);
    const { token: fifth } = await operations.rotateServiceToken({ name, keepOldMs: 0 }, operator);
    t.ok(await ends(fourth), 'at once, when that is asked');
    await operations.rotateServiceToken({ name }, operator);
    await operations.revokeService(name, operator);
    t.ok(await ends(fifth), 'revoking the service ends each of its tokens');
    for (const gone of [name, 'nobody'])
      await t.rejects(operations.rotateServiceToken({ name: gone }, operator), { code: 'not_found' }, gone);
  });

  t.test('when it was used last, and by whom it was made', async (t) => {
    const { name, token } = await aService();
    const [made] = (await listed(name))?.tokens ?? [];
    t.match(made, { createdBy: 'operator:alice(1000)', expiresAt: undefined, lastUsedAt: undefined });
    t.notMatch(JSON.stringify(await listed(name)), new RegExp(`hash|${token}`, 'i'), 'and nothing to use');
    const usedAt = async () => (await listed(name))?.tokens[0]?.lastUsedAt;
    await isAnswered(token);
    const first = await eventually('it is written', usedAt);
    t.ok(Math.abs(first - clock.now()) < 60_000);
  });
});
