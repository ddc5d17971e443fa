import t from 'tap';
import { createForwardClock } from '../../src/core/forwardClock.ts';
import { createAccessTokenReader } from '../../src/tokens/accessTokenReader.ts';
import { createManualClock } from '../support/manualClock.ts';
import { audience, issuer, openTokenForge } from '../support/tokenForge.ts';

const start = Date.UTC(2030, 0, 1);
const hour = 3_600_000;

function open() {
  const machine = createManualClock(start);
  const told: number[] = [];
  return { machine, told, clock: createForwardClock(machine, (behindMs) => told.push(Math.round(behindMs))) };
}

t.test('it goes as the machine’s, and everything else is the machine’s', async (t) => {
  const { machine, told, clock } = open();
  t.equal(clock.now(), start);
  await machine.advance(1_234);
  t.equal(clock.now(), start + 1_234);
  machine.stepWall(hour);
  t.equal(clock.now(), start + hour + 1_234, 'forward at once');
  t.equal(clock.monotonic(), machine.monotonic());
  t.strictSame(told, []);
});

t.test('set back, it goes on, says so, and meets the machine’s again', async (t) => {
  const { machine, told, clock } = open();
  await machine.advance(1_000);
  clock.now();
  machine.stepWall(-hour);
  t.equal(clock.now(), start + 1_000);
  await machine.advance(60_000);
  t.equal(clock.now(), start + 61_000, 'at its usual rate');
  t.strictSame(told, [hour, hour]);
  machine.stepWall(hour + 5);
  t.equal(clock.now(), start + 61_005);
  machine.stepWall(-hour);
  await machine.advance(hour);
  t.equal(clock.now(), start + 61_005 + hour);
  t.equal(told.length, 3);
});

t.test('a clock that is slewed is followed, but never backwards', async (t) => {
  const { machine, told, clock } = open();
  let last = clock.now();
  let back = 0;
  for (let second = 0; second < 10_000; second += 1) {
    await machine.advance(1_000);
    machine.stepWall(-1);
    const now = clock.now();
    if (now < last) back += 1;
    last = now;
  }
  t.equal(back, 0);
  t.equal(last, machine.now(), 'ten seconds in ten thousand');
  machine.stepWall(-900);
  t.equal(clock.now(), last, 'it waits for less than a second');
  t.strictSame(told, []);
});

t.test('J23: a token that has expired stays so when the clock is set back by an hour', async (t) => {
  const { machine, clock } = open();
  const forge = await openTokenForge(start);
  const reader = createAccessTokenReader({ keyRing: forge.keyRing, issuer, audience });
  t.equal(reader.read(forge.good, clock.now()).valid, true);
  await machine.advance(900_000);
  t.match(reader.read(forge.good, clock.now()), { fault: 'expired' });
  machine.stepWall(-hour);
  t.match(reader.read(forge.good, clock.now()), { fault: 'expired' });
  t.match(
    reader.read(forge.good, machine.now()),
    { fault: 'not_yet_valid' },
    'the machine’s clock says nonsense',
  );
});
