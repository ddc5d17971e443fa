/** Whoever makes logouts wait gets no lease for a growing while: counted by service, whatever its streams are called. */
import t from 'tap';
import { subscriberLimits } from '../../../src/revocation/subscribers/limits.ts';
import { type Backoff, createStandings } from '../../../src/revocation/subscribers/standing.ts';
import { createManualClock } from '../../support/manualClock.ts';

const {
  subscriberBackoffMilliseconds: backoffMs,
  subscriberBackoffMaximumMilliseconds: longestMs,
  subscriberBackoffForgottenMilliseconds: forgottenMs,
  subscriberBehindMilliseconds: behindMs,
  subscriberSlowMilliseconds: slowMs,
  subscriberBackoffsOfSome: ofSome,
} = subscriberLimits;

function open(service = 'a') {
  const clock = createManualClock(0);
  const backoffs: Backoff[] = [];
  const standings = createStandings({ clock, onBackoff: (backoff) => void backoffs.push(backoff) });
  const standing = standings.of(service);
  /** Of a stream that is opened now. */
  const mayHold = () => standing.mayHold({ openedAt: clock.monotonic(), late: false });
  const wait = async (milliseconds: number) => {
    const waited = standing.wait();
    await clock.advance(milliseconds);
    waited();
  };
  return { clock, backoffs, standings, standing, mayHold, wait };
}

t.test('how long somebody has to wait before there are no leases', async (t) => {
  for (const [what, waits, backsOff] of [
    ['once, for as long as a subscriber may be behind', [behindMs], true],
    ['nearly so long', [behindMs - 1], false],
    ['for a whole lease', [5_000], true],
    ['again and again for a moment', Array(10_000).fill(slowMs - 1), false],
    ['again and again for longer than a moment', Array(8).fill(slowMs), true],
  ] as const) {
    const { backoffs, mayHold, wait } = open();
    for (const milliseconds of waits) await wait(milliseconds);
    t.equal(backoffs.length > 0, backsOff, what);
    t.equal(mayHold(), !backsOff, what);
  }
});

t.test('those who wait at the same time are one', async (t) => {
  const { clock, standing, backoffs } = open();
  const waits = Array.from({ length: 100 }, () => standing.wait());
  await clock.advance(behindMs - 1);
  for (const waited of waits) waited();
  t.strictSame(backoffs, []);
});

/** Begins a wait every so often; each lasts for so long. */
async function waitOverlapping(
  { clock, standing }: Pick<ReturnType<typeof open>, 'clock' | 'standing'>,
  { every, lasting, until }: Record<'every' | 'lasting' | 'until', number>,
): Promise<void> {
  for (let from = 0; from < until; from += every) {
    clock.after(lasting, standing.wait());
    await clock.advance(every);
  }
}

t.test('waits that overlap are judged as each of them ends', async (t) => {
  for (const [what, waits, backsOff] of [
    ['a logout a second, and nobody acknowledges', { every: 1_000, lasting: 4_900, until: 20_000 }, true],
    ['moments, one into the next', { every: 8, lasting: 10, until: 3_000 }, false],
    ['nearly long, one into the next', { every: 10, lasting: slowMs - 1, until: 10_000 }, false],
    ['a little too long, one into the next', { every: 100, lasting: slowMs, until: 3_000 }, true],
  ] as const) {
    const opened = open();
    await waitOverlapping(opened, waits);
    t.equal(opened.backoffs.length > 0, backsOff, what);
  }
});

t.test('a long wait counts whole, whatever shorter ones ended within it', async (t) => {
  const { clock, standing, backoffs } = open();
  for (let round = 0; round < 2; round += 1) {
    const long = standing.wait();
    await clock.advance(behindMs - slowMs - 1);
    const short = standing.wait();
    await clock.advance(slowMs);
    short();
    long();
    t.equal(backoffs.length, round);
    await clock.advance(slowMs);
  }
});

t.test("a pause between two waits is nobody's", async (t) => {
  const { clock, backoffs, wait } = open();
  await wait(behindMs / 2);
  await clock.advance(behindMs);
  await wait(behindMs / 2 - 1);
  t.strictSame(backoffs, []);
});

t.test('each time it is twice as long, up to a limit', async (t) => {
  const { clock, backoffs, mayHold, wait } = open();
  for (let round = 0; round < 10; round += 1) {
    await wait(behindMs);
    const { milliseconds = 0 } = backoffs.at(-1) ?? {};
    t.equal(milliseconds, Math.min(backoffMs * 2 ** round, longestMs));
    await clock.advance(milliseconds - 1);
    t.equal(mayHold(), false);
    await clock.advance(1);
    t.equal(mayHold(), true);
  }
});

t.test('what was granted before is no new offence', async (t) => {
  const { backoffs, wait } = open();
  await wait(behindMs);
  await wait(behindMs);
  t.equal(backoffs.length, 1);
});

t.test('it is forgotten when nothing comes for long', async (t) => {
  const { clock, backoffs, wait } = open();
  await wait(behindMs);
  await clock.advance(backoffMs + forgottenMs);
  await wait(behindMs);
  t.strictSame(
    backoffs.map(({ milliseconds }) => milliseconds),
    [backoffMs, backoffMs],
  );
});

t.test('others are not touched', async (t) => {
  const { clock, standings, wait } = open('a');
  await wait(behindMs);
  t.equal(standings.of('b').mayHold({ openedAt: clock.monotonic(), late: true }), true);
  t.equal(standings.of('a').mayHold({ openedAt: clock.monotonic(), late: false }), false);
});

t.test('at first, those that were there and never late go on', async (t) => {
  const { clock, backoffs, standing, wait } = open();
  const there = { openedAt: clock.monotonic(), late: false };
  for (let round = 0; round <= ofSome; round += 1) {
    await wait(behindMs);
    t.equal(standing.mayHold(there), round < ofSome, `time ${round + 1}`);
    t.equal(standing.mayHold({ ...there, late: true }), false, 'one that was late does not');
    await clock.advance(backoffs.at(-1)?.milliseconds ?? 0);
  }
});
