import { createEarliestTime, createLatestTime } from '@countersign/verifier/steadyTime';
import { createAccessTokenReader } from '@countersign/verifier/tokens/accessTokenReader';
import t from 'tap';
import { createManualClock } from '../support/manualClock.ts';
import { createRenewingNode } from '../support/renewingNode.ts';
import { audience, issuer, openTokenForge } from '../support/tokenForge.ts';

const start = Date.UTC(2030, 0, 1);
const hour = 3_600_000;

function open() {
  const clock = createManualClock(start);
  const told: number[] = [];
  const latest = createLatestTime(clock, (behindMs) => told.push(behindMs));
  return { clock, told, latest, earliest: createEarliestTime(clock) };
}

t.test('both are the clock’s while it goes as it should', async (t) => {
  const { clock, told, latest, earliest } = open();
  for (const milliseconds of [0, 1_234, hour]) {
    await clock.advance(milliseconds);
    t.equal(latest(), clock.now());
    t.equal(earliest(), clock.now());
  }
  t.strictSame(told, []);
});

t.test(
  'the latest time stands still until a clock that was set back has caught up, and says so',
  async (t) => {
    const { clock, told, latest } = open();
    t.equal(latest(), start);
    clock.stepWall(-hour);
    t.equal(latest(), start);
    await clock.advance(hour - 2_000);
    t.equal(latest(), start);
    t.strictSame(told, [hour, 2_000]);
    await clock.advance(2_001);
    t.equal(latest(), start + 1, 'and then goes on with it');
    clock.stepWall(-1_000);
    t.equal(latest(), start + 1);
    t.equal(told.length, 2, 'a clock that is slewed is no alarm');
  },
);

t.test(
  'the earliest time does not hurry with a clock that is set forward, and follows one that is set back',
  async (t) => {
    const { clock, earliest } = open();
    clock.stepWall(hour);
    await clock.advance(1_000);
    t.equal(earliest(), start + 1_000);
    clock.stepWall(-2 * hour);
    t.equal(earliest(), start + 1_000 - hour);
  },
);

t.test(
  'J23: a token that has expired stays so when the clock is set back by an hour; new ones are good',
  async (t) => {
    const { clock, latest } = open();
    const old = await openTokenForge(start);
    const reader = createAccessTokenReader({ keyRing: old.keyRing, issuer, audience });
    t.equal(reader.read(old.good, latest()).valid, true);
    clock.stepWall(900_000);
    t.match(reader.read(old.good, latest()), { fault: 'expired' });
    clock.stepWall(-899_000);
    t.match(reader.read(old.good, latest()), { fault: 'expired' }, 'although it is live by the clock');
    t.equal(reader.read(old.good, clock.now()).valid, true);
    const later = await openTokenForge(clock.now(), { key: { ...old, verifier: old.keyRing.verifier } });
    t.equal(reader.read(later.good, latest()).valid, true, 'one that is issued now is good');
  },
);

t.test(
  'what a node has forgotten stays expired, also when its clock and the database’s ran ahead',
  async (t) => {
    const { clock, renewal, latestTime } = createRenewingNode();
    await renewal.renew();
    const forgotten = clock.now();
    clock.stepWall(-hour);
    t.equal(latestTime(), forgotten);
  },
);
