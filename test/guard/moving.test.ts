/** Where the stream of a guard goes next, and when: what many subscribers do together must not fall on one node, nor come at once. */
import { status } from '@grpc/grpc-js';
import t, { type Test } from 'tap';
import { guardLimits } from '../../packages/guard/src/limits.ts';
import { eventually } from '../support/eventually.ts';
import { aGuard, aLeasedGuard, anAuthority, fault, said } from '../support/guards.ts';
import { createManualClock, type ManualClock } from '../support/manualClock.ts';
import { type ScriptedAuthority, serve } from '../support/scriptedAuthority.ts';
import { startTcpProxy } from '../support/tcpProxy.ts';

const { withoutLeaseMilliseconds, withoutLeaseRestMilliseconds, refusedMilliseconds } = guardLimits;

async function authorities(t: Test, count: number, clock: ManualClock): Promise<ScriptedAuthority[]> {
  return Promise.all(Array.from({ length: count }, () => anAuthority(t, clock.now())));
}

/** Time passes while both sides talk. */
async function pass(clock: ManualClock, milliseconds: number, heard: () => unknown): Promise<void> {
  for (let passed = 0; passed < milliseconds; passed += 500) {
    await clock.advance(500);
    await eventually('what was said', heard);
  }
}

t.test('subscribers of a node that drains spread over the others, one after the other', async (t) => {
  const places: (string | undefined)[] = [];
  const clock = createManualClock(Date.now());
  const nodes = await authorities(t, 3, clock);
  const [first, second, third] = nodes as [ScriptedAuthority, ScriptedAuthority, ScriptedAuthority];
  for (const [to, part] of [
    [second, 0.1],
    [third, 0.9],
  ] as const) {
    const randoms = [0, part, part];
    const guard = aGuard(t, nodes, {}, { clock, random: () => randoms.shift() ?? 0 });
    const index = first.streams.length;
    const stream = await first.stream(index);
    serve(stream, first);
    await guard.ready();
    const begun = to.asked.streams;
    stream.send({ reconnect: { reason: 'RECONNECT_REASON_DRAINING', graceMs: 3_000 } });
    stream.send({ keys: { jwks: first.jwks(), ageMs: 30_000 } });
    await eventually('that it was read', () => guard.state().keysAgeMs >= 30_000);
    await clock.advance(part * 1_000 - 1);
    t.equal(to.asked.streams, begun, 'it waits for its part of a third of the time');
    await clock.advance(1);
    serve(await to.stream(begun), to);
    await stream.next('leave');
    places.push(guard.state().authority);
    await guard.close();
  }
  t.strictSame(places, [second.address, third.address]);
});

t.test('however long it may take, it moves before its lease ends', async (t) => {
  const clock = createManualClock(Date.now());
  const { authority, guard, stream } = await aLeasedGuard(t, {
    surroundings: { clock, random: () => 0.999 },
    now: clock.now(),
    serving: { leaseMs: 2_000 },
  });
  stream.ignore();
  stream.send({ reconnect: { reason: 'RECONNECT_REASON_CONNECTION_AGE', graceMs: 60_000 } });
  stream.send({ keys: { jwks: authority.jwks(), ageMs: 30_000 } });
  await eventually('that it was read', () => guard.state().keysAgeMs >= 30_000);
  await clock.advance(1_999);
  t.ok(guard.state().leaseMs > 0);
  serve(await authority.stream(1), authority);
});

t.test('without a lease, a stream is kept while another node is tried once in a while', async (t) => {
  const clock = createManualClock(Date.now());
  const [first, second] = (await authorities(t, 2, clock)) as [ScriptedAuthority, ScriptedAuthority];
  const guard = aGuard(t, [first, second], {}, { clock, random: () => 0 });
  const kept = await first.stream(0);
  serve(kept, first, { leaseMs: 0 });
  await eventually('its keys', () => guard.state().keys === 1);
  let heard = 0;
  const renewed = () => {
    if (kept.of('renew').length <= heard) return false;
    heard = kept.of('renew').length;
    return true;
  };
  renewed();
  await pass(clock, withoutLeaseMilliseconds + 500, renewed);
  const tried = await second.stream(0);
  serve(tried, second, { leaseMs: 0 });
  await eventually('its snapshot', () => tried.of('renew').length >= 2);
  await pass(clock, withoutLeaseMilliseconds + 500, renewed);
  await tried.next('leave');
  await pass(clock, withoutLeaseRestMilliseconds / 2 - withoutLeaseMilliseconds - 1_000, renewed);
  t.strictSame([first.asked.streams, second.asked.streams], [1, 1], 'one snapshot of each');
  t.equal(kept.over(), false);
  kept.grant(5_000);
  await eventually('a renewal', async () => {
    await clock.advance(500);
    return guard.state().status === 'leased';
  });
  t.equal(guard.state().authority, first.address, 'it is leased as soon as its node is');
  t.equal(await said(guard, first.forge.good), 'accepted');
  await clock.advance(1_000);
  t.strictSame([first.asked.streams, second.asked.streams], [1, 1]);
});

t.test('a stream that was kept without a lease, and is lost, is begun again at once', async (t) => {
  const clock = createManualClock(Date.now());
  const authority = await anAuthority(t, clock.now());
  const guard = aGuard(t, [authority], {}, { clock, random: () => 0.5 });
  const kept = await authority.stream(0);
  serve(kept, authority, { leaseMs: 0 });
  await eventually('its keys', () => guard.state().keys === 1);
  await eventually('its end', async () => {
    await clock.advance(500);
    return guard.faults.length > 0;
  });
  kept.end(status.UNAVAILABLE);
  await eventually('its end', () => guard.faults.length > 1);
  await clock.advance(guardLimits.backoffMilliseconds);
  serve(await authority.stream(1), authority);
  await guard.ready();
});

t.test('an authority that breaks the protocol again is left alone as one that refuses', async (t) => {
  const clock = createManualClock(Date.now());
  const { authority, guard, stream } = await aLeasedGuard(t, {
    surroundings: { clock, random: () => 0 },
    now: clock.now(),
  });
  const faults = () => guard.faults.filter(({ kind }) => kind === 'protocol').length;
  stream.send({});
  await eventually('a fault', () => faults() === 1);
  await clock.advance(guardLimits.backoffMilliseconds);
  const again = await authority.stream(1);
  serve(again, authority);
  await eventually('a lease', () => guard.state().status === 'leased');
  again.send({});
  await eventually('another fault', () => faults() === 2);
  await clock.advance(refusedMilliseconds / 2 - 1);
  t.equal(authority.asked.streams, 2);
  await clock.advance(1);
  await authority.stream(2);
});

t.test('one address that refuses does not hold up the others', async (t) => {
  const clock = createManualClock(Date.now());
  const [first, second] = (await authorities(t, 2, clock)) as [ScriptedAuthority, ScriptedAuthority];
  first.mood.streams = status.PERMISSION_DENIED;
  second.mood.streams = status.UNAVAILABLE;
  const guard = aGuard(t, [first, second], {}, { clock, random: () => 0 });
  await fault(guard, 'refused');
  await eventually('the other', async () => {
    await clock.advance(1);
    return second.asked.streams >= 3;
  });
  t.equal(first.asked.streams, 1, 'and is itself not asked again and again');
  second.mood.streams = 'well';
  await clock.advance(guardLimits.backoffMilliseconds);
  serve(await second.stream(0), second);
  await guard.ready();
});

t.test('a copy whose stream and lease have ended is dropped', async (t) => {
  const clock = createManualClock(Date.now());
  const { authority, guard, stream } = await aLeasedGuard(t, {
    surroundings: { clock, random: () => 0 },
    now: clock.now(),
  });
  authority.mood.streams = status.UNAVAILABLE;
  const { leaseMs } = guard.state();
  stream.end(status.UNAVAILABLE);
  await fault(guard, 'lost');
  await clock.advance(leaseMs - 1);
  t.match(guard.state(), { status: 'leased', nodeId: 'node-1', keys: 1 });
  await clock.advance(1);
  t.match(guard.state(), { status: 'no_lease', nodeId: undefined, keys: 0 });
});

t.test('a guard that closes waits for a stream that it was leaving', async (t) => {
  const clock = createManualClock(Date.now());
  const [first, second] = (await authorities(t, 2, clock)) as [ScriptedAuthority, ScriptedAuthority];
  const proxy = await startTcpProxy(first.port);
  t.teardown(() => proxy.close());
  const places = [{ address: `127.0.0.1:${proxy.port}` }, second];
  const guard = aGuard(t, places, {}, { clock, random: () => 0 });
  const stream = await first.stream(0);
  serve(stream, first);
  await guard.ready();
  stream.send({ reconnect: { reason: 'RECONNECT_REASON_DRAINING', graceMs: 5_000 } });
  await eventually('a second stream', async () => {
    await clock.advance(1);
    return second.streams[0];
  });
  // That the subscriber leaves is not heard there.
  proxy.cut('silent');
  const next = await second.stream(0);
  serve(next, second);
  await eventually('its lease', () => guard.state().authority === second.address);
  const left = guard.close().then(() => clock.timers());
  await next.next('leave');
  await eventually('its end', () => next.over());
  await clock.advance(guardLimits.leaveMilliseconds);
  t.equal(await left, 0, 'when it has closed, nothing is left');
});
