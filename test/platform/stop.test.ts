import t from 'tap';
import { platformLimits } from '../../src/platform/limits.ts';
import { createStop } from '../../src/platform/stop.ts';
import { createManualClock } from '../support/manualClock.ts';

function setUp() {
  const clock = createManualClock(Date.UTC(2030, 0, 1));
  let impatient = 0;
  const stop = createStop({ clock, onImpatience: () => (impatient += 1) });
  return { clock, stop, impatient: () => impatient };
}

t.test('the first signal asks for the stop, whatever comes within a second', async (t) => {
  const { clock, stop, impatient } = setUp();
  t.equal(stop.isAsked(), false);
  stop.signalled('SIGINT');
  t.equal(stop.isAsked(), true);
  stop.signalled('SIGTERM');
  await clock.advance(platformLimits.sameStopMilliseconds - 1);
  stop.signalled('SIGINT');
  t.equal(await stop.asked, 'SIGINT');
  t.equal(impatient(), 0);
});

t.test('a signal that comes a second later wants the end at once', async (t) => {
  const { clock, stop, impatient } = setUp();
  stop.signalled('SIGTERM');
  await clock.advance(platformLimits.sameStopMilliseconds);
  stop.signalled('SIGINT');
  t.equal(impatient(), 1);
});
