import { createLease, permanentLease } from '@countersign/verifier/revocation/lease';
import t from 'tap';
import { createManualClock } from '../support/manualClock.ts';

const milliseconds = 5_000;

function setUp() {
  const clock = createManualClock(Date.UTC(2030, 0, 1));
  return { clock, lease: createLease({ clock, milliseconds }) };
}

t.test('it is not held before it was taken', (t) => {
  const { lease } = setUp();
  lease.moment();
  t.equal(lease.held(), false);
  t.equal(lease.remainingMs(), 0);
  t.equal(lease.milliseconds, milliseconds);
  t.end();
});

t.test('it is good for its time, and not a millisecond longer', async (t) => {
  const { clock, lease } = setUp();
  lease.hold(lease.moment());
  t.equal(lease.remainingMs(), milliseconds);
  await clock.advance(milliseconds - 1);
  t.equal(lease.held(), true);
  t.equal(lease.remainingMs(), 1);
  await clock.advance(1);
  t.equal(lease.held(), false);
  t.equal(lease.remainingMs(), 0);
  await clock.advance(1);
  t.equal(lease.remainingMs(), 0, 'never less than nothing');
});

t.test('it counts from the moment that was noted, not from when it was taken', async (t) => {
  const { clock, lease } = setUp();
  const noted = lease.moment();
  await clock.advance(3_000);
  lease.hold(noted);
  t.equal(lease.remainingMs(), 2_000);
  const again = lease.moment();
  await clock.advance(1_000);
  lease.hold(again);
  t.equal(lease.remainingMs(), 4_000, 'renewed');
  const slow = lease.moment();
  await clock.advance(milliseconds);
  lease.hold(slow);
  t.equal(lease.held(), false, 'a renewal that took as long as the lease is worth nothing');
});

t.test('the wall clock shortens it, and never lengthens it', async (t) => {
  const table: readonly (readonly [string, number, number])[] = [
    ['a second forward', 1_000, 3_000],
    ['forward by all of it: the machine was suspended', milliseconds, 0],
    ['a day forward', 86_400_000, 0],
    ['a second back', -1_000, 4_000],
    ['a day back', -86_400_000, 4_000],
  ];
  for (const [what, step, remaining] of table) {
    const { clock, lease } = setUp();
    lease.hold(lease.moment());
    clock.stepWall(step);
    await clock.advance(1_000);
    t.equal(lease.remainingMs(), remaining, what);
    t.equal(lease.held(), remaining > 0, `${what}: held`);
    lease.hold(lease.moment());
    t.equal(lease.remainingMs(), milliseconds, `${what}: taken again, it is whole`);
  }
});

t.test('a step between the moment and its taking counts', (t) => {
  const { clock, lease } = setUp();
  const noted = lease.moment();
  clock.stepWall(1_500);
  lease.hold(noted);
  t.equal(lease.remainingMs(), 3_500);
  t.end();
});

t.test('dropped, it is gone until it is taken again', (t) => {
  const { lease } = setUp();
  lease.hold(lease.moment());
  lease.drop();
  t.equal(lease.held(), false);
  t.equal(lease.remainingMs(), 0);
  lease.hold(lease.moment());
  t.equal(lease.held(), true);
  t.equal(permanentLease.held(), true, 'a single process always has it');
  t.end();
});
