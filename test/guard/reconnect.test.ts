/** How a guard finds its authority again: silence, drains, several addresses, networks that drop packets. */

import { once } from 'node:events';
import { type AddressInfo, createServer, type Socket } from 'node:net';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { verifierLimits } from '@countersign/verifier/limits';
import { bloomGeometry } from '@countersign/verifier/revocation/bloomFilter';
import { status } from '@grpc/grpc-js';
import t from 'tap';
import { guardLimits } from '../../packages/guard/src/limits.ts';
import { eventually } from '../support/eventually.ts';
import { freePort } from '../support/freePort.ts';
import { aGuard, aLeasedGuard, anAuthority, fault, said } from '../support/guards.ts';
import { createManualClock } from '../support/manualClock.ts';
import { serve, startScriptedAuthority } from '../support/scriptedAuthority.ts';
import { startTcpProxy } from '../support/tcpProxy.ts';

t.test('silence ends a stream, and its lease goes on until its end', async (t) => {
  const clock = createManualClock(Date.now());
  const { authority, guard, stream } = await aLeasedGuard(t, {
    surroundings: { clock, random: () => 0.5 },
    now: clock.now(),
    serving: { leaseMs: 5_000 },
  });
  stream.ignore();
  const { leaseMs } = guard.state();
  for (let time = 0; time < 4; time += 1) await clock.advance(500);
  t.match(await fault(guard, 'lost'), { message: /silence/ });
  t.equal(await said(guard, authority.forge.good), 'accepted');
  t.equal(guard.state().leaseMs, leaseMs - 2_000);
  t.equal(guard.state().authority, undefined, 'there is no stream');
  await clock.advance(guardLimits.backoffFirstMilliseconds);
  serve(await authority.stream(1), authority);
  await eventually('the next one', () => guard.state().authority === authority.address);
  t.ok(stream.over(), 'and of the first nothing is left');
});

t.test('a process that stood still first reads what came meanwhile', async (t) => {
  const clock = createManualClock(Date.now());
  const { guard, stream } = await aLeasedGuard(t, { surroundings: { clock }, now: clock.now() });
  await stream.next('renew');
  clock.standStill(60_000);
  t.equal(guard.state().leaseMs, 0);
  await clock.advance(500);
  await eventually('an answer', () => guard.state().leaseMs > 0);
  await clock.advance(500);
  t.equal(guard.faults.length, 0);
});

t.test('asked to move, it makes before it breaks', async (t) => {
  for (const [reason, elsewhere] of [
    ['DRAINING', true],
    ['CONNECTION_AGE', false],
    ['CONNECTION_AGE', true],
  ] as const) {
    const [first, second] = [await anAuthority(t), await anAuthority(t)];
    // Where it begins, when it moves, and to where.
    const randoms = [0, 0, elsewhere ? 0.9 : 0];
    const guard = aGuard(t, [first, second], {}, { random: () => randoms.shift() ?? 0 });
    const old = await first.stream(0);
    serve(old, first);
    await guard.ready();
    old.send({ reconnect: { reason: `RECONNECT_REASON_${reason}`, graceMs: 5_000 } });
    const [to, index] = elsewhere ? ([second, 0] as const) : ([first, 1] as const);
    const next = await to.stream(index);
    t.equal(old.of('leave').length, 0, `${reason}: the old one is kept`);
    t.equal(await said(guard, first.forge.good), 'accepted');
    serve(next, to);
    await old.next('leave');
    t.equal(guard.state().authority, to.address);
    t.equal(guard.state().status, 'leased');
    t.strictSame(guard.leases.slice(0, 1).concat(guard.leases.slice(1)), [true], 'without a gap');
    t.equal(guard.faults.length, 0);
    await guard.close();
  }
});

t.test('with one address, a drain leads to the same one', async (t) => {
  const { authority, guard, stream } = await aLeasedGuard(t, { surroundings: { random: () => 0 } });
  stream.send({ reconnect: { reason: 'RECONNECT_REASON_DRAINING', graceMs: 5_000 } });
  serve(await authority.stream(1), authority);
  await stream.next('leave');
  t.equal(guard.state().status, 'leased');
});

t.test('a stream that fails is begun elsewhere, and everywhere before it is begun there again', async (t) => {
  const [first, second] = [await anAuthority(t), await anAuthority(t)];
  first.mood.streams = status.UNAVAILABLE;
  const guard = aGuard(t, [{ address: '127.0.0.1:1' }, first, second], {}, { random: () => 0 });
  serve(await second.stream(0), second);
  await guard.ready();
  t.strictSame(
    guard.faults.map(({ authority }) => authority),
    ['127.0.0.1:1', first.address],
  );
  t.equal(guard.state().authority, second.address);
});

t.test('subscribers spread', async (t) => {
  const authorities = [await anAuthority(t), await anAuthority(t), await anAuthority(t)];
  for (const [index, random] of [0.1, 0.5, 0.999].entries()) {
    aGuard(t, authorities, {}, { random: () => random });
    await authorities[index]?.stream(0);
  }
  t.strictSame(
    authorities.map(({ asked }) => asked.streams),
    [1, 1, 1],
  );
});

t.test('a refusal that only an operator can mend is not repeated often', async (t) => {
  const clock = createManualClock(Date.now());
  const authority = await anAuthority(t, clock.now());
  authority.mood.streams = status.PERMISSION_DENIED;
  const guard = aGuard(t, [authority], {}, { clock, random: () => 0 });
  await fault(guard, 'refused');
  await clock.advance(guardLimits.refusedMilliseconds / 2 - 1);
  t.equal(authority.asked.streams, 1);
  await clock.advance(1);
  await eventually('another attempt', () => authority.asked.streams === 2);
});

t.test('a node that has no lease to give is left for another one', async (t) => {
  const clock = createManualClock(Date.now());
  const [first, second] = [await anAuthority(t, clock.now()), await anAuthority(t, clock.now())];
  const guard = aGuard(t, [first, second], {}, { clock });
  serve(await first.stream(0), first, { leaseMs: 0 });
  await eventually('its keys', () => guard.state().keys === 1);
  for (let ms = 0; ms <= guardLimits.withoutLeaseMilliseconds; ms += 500) {
    await clock.advance(500);
    await eventually('its answer', async () => (await said(guard, 'x')) === '401 invalid_token malformed');
  }
  await clock.advance(guardLimits.backoffMilliseconds);
  serve(await second.stream(0), second);
  await guard.ready();
});

t.test('a network that drops packets: back within 2 s of its return, and nothing piles up', async (t) => {
  const authority = await anAuthority(t);
  const proxy = await startTcpProxy(authority.port);
  t.teardown(() => proxy.close());
  const guard = aGuard(t, [{ address: `127.0.0.1:${proxy.port}` }], {}, { random: Math.random });
  serve(await authority.stream(0), authority, { leaseMs: 1_500 });
  await guard.ready();
  for (const how of ['silent', 'broken'] as const) {
    const streams = authority.streams.length;
    proxy.cut(how);
    await eventually('no lease', () => guard.state().status === 'no_lease');
    t.match(await said(guard, authority.forge.good), /^503 unavailable/, `${how}: it refuses`);
    await eventually('some attempts', () => guard.state().counts.faults.lost >= 3);
    const serving = eventually('a stream', () => authority.streams[streams]).then((stream) =>
      serve(stream, authority, { leaseMs: 1_500 }),
    );
    const healed = performance.now();
    proxy.heal();
    await serving;
    await eventually('a lease', () => guard.state().status === 'leased');
    const back = performance.now() - healed;
    t.ok(back < 2_000, `${how}: back after ${Math.round(back)} ms`);
    t.equal(await said(guard, authority.forge.good), 'accepted');
  }
  await guard.close();
});

t.test('attempts that nobody answers leave no socket behind', async (t) => {
  const clock = createManualClock(Date.now());
  const open = new Set<Socket>();
  const listener = createServer((socket) => {
    open.add(socket);
    socket.on('error', () => {}).on('close', () => open.delete(socket));
    socket.resume();
  }).listen(0, '127.0.0.1');
  await once(listener, 'listening');
  t.teardown(() => listener.close());
  const { port } = listener.address() as AddressInfo;
  const guard = aGuard(t, [{ address: `127.0.0.1:${port}` }], {}, { clock, random: () => 0.5 });
  // Half of what doubles each time, up to its limit.
  for (const [before, wait] of [100, 200, 250, 250].entries()) {
    await eventually('a connection', () => open.size > 0);
    await clock.advance(guardLimits.connectMilliseconds);
    t.equal(guard.faults.length, before + 1);
    await eventually('its end', () => open.size === 0);
    await clock.advance(wait);
  }
});

t.test('an authority that comes back is found again', async (t) => {
  const port = await freePort();
  const guard = aGuard(t, [{ address: `127.0.0.1:${port}` }]);
  await eventually('some attempts', () => guard.faults.length >= 3);
  const authority = await startScriptedAuthority(Date.now(), port);
  t.teardown(() => authority.stop());
  serve(await authority.stream(0), authority);
  await guard.ready();
  await authority.stop();
  await fault(guard, 'lost');
  const again = await startScriptedAuthority(Date.now(), port, authority.forge);
  t.teardown(() => again.stop());
  serve(await again.stream(0), again);
  await eventually('its stream', () => guard.state().authority !== undefined);
  t.equal(await said(guard, authority.forge.good), 'accepted');
});

t.test('a guard that has moved keeps nothing of the filters that it had before', async (t) => {
  setFlagsFromString('--expose-gc');
  const collect = runInNewContext('gc') as () => void;
  const memory = () => {
    collect();
    return process.memoryUsage().arrayBuffers;
  };
  const atFirst = memory();
  const authority = await anAuthority(t);
  const guard = aGuard(t, [authority]);
  const capacity = 8_000_000;
  const size = bloomGeometry(capacity, verifierLimits.bloomFalsePositives).bits / 8;
  const pieces = Math.floor(size / verifierLimits.subscriberFilterBytes);
  const bytes = (count: number) => ({ filterBytes: { bytes: Buffer.alloc(count) } });
  const first = await authority.stream(0);
  serve(first, authority, {
    filters: [
      { filterStart: { ofSessions: true, sliceEndMs: Date.now() + 3_600_000, capacity, entries: 1 } },
      ...Array.from({ length: pieces }, () => bytes(verifierLimits.subscriberFilterBytes)),
      bytes(size - pieces * verifierLimits.subscriberFilterBytes),
    ],
  });
  await guard.ready();
  t.equal(await said(guard, authority.forge.good), 'accepted', 'a token is remembered');
  await eventually('only the filters are left', () => memory() < atFirst + size * 1.5);
  t.ok(memory() > atFirst + size / 2);
  first.send({ reconnect: { reason: 'RECONNECT_REASON_CONNECTION_AGE', graceMs: 1_000 } });
  serve(await authority.stream(1), authority);
  await eventually('it has moved', () => guard.state().revocationBytes === 0 && first.over());
  t.equal(guard.state().rememberedTokens, 1);
  await eventually('the memory is free', () => memory() < atFirst + size / 2);
});
