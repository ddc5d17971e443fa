import { array, assert as check, constantFrom, property } from 'fast-check';
import t from 'tap';
import { coalesce } from '../../../src/platform/queues/coalesce.ts';
import { createManualClock } from '../../support/manualClock.ts';

/** Runs that last until the test ends them, oldest first. */
function setUp() {
  const clock = createManualClock(0);
  const open: { number: number; answer(value: number): void; fail(error: Error): void }[] = [];
  let begun = 0;
  let most = 0;
  const call = coalesce(
    () =>
      new Promise<number>((answer, fail) => {
        begun += 1;
        open.push({ number: begun, answer, fail });
        most = Math.max(most, open.length);
      }),
  );
  const end = async (error?: Error) => {
    const run = open.shift();
    if (error === undefined) run?.answer(run.number);
    else run?.fail(error);
    await clock.settle();
  };
  return { clock, call, end, begun: () => begun, most: () => most };
}

t.test('one caller is one run, at once', async (t) => {
  const { call, end, begun } = setUp();
  const answer = call();
  t.equal(begun(), 1);
  await end();
  t.equal(await answer, 1);
  const next = call();
  t.equal(begun(), 2, 'and the next one waits for nobody');
  await end();
  t.equal(await next, 2);
});

t.test('who calls while a run is going on shares the next one', async (t) => {
  const { clock, call, end, begun, most } = setUp();
  const first = call();
  const early = Array.from({ length: 50 }, () => call());
  await clock.settle();
  const late = Array.from({ length: 50 }, () => call());
  t.equal(begun(), 1);
  await end();
  t.equal(await first, 1, 'the first is answered by its own');
  t.equal(begun(), 2, 'a hundred callers are one run');
  const later = call();
  await end();
  t.strictSame(new Set(await Promise.all([...early, ...late])), new Set([2]));
  await end();
  t.equal(await later, 3, 'who came during the second has the third');
  t.equal(most(), 1);
});

t.test('a run that fails fails for its callers, and for no others', async (t) => {
  const { call, end } = setUp();
  const [one, two] = [new Error('one'), new Error('two')];
  const first = call();
  const waiting = [call(), call()];
  first.catch(() => {});
  for (const promise of waiting) promise.catch(() => {});
  await end(one);
  const later = call();
  await end(two);
  await end();
  await t.rejects(first, one);
  for (const promise of waiting) await t.rejects(promise, two);
  t.equal(await later, 3);
  const again = call();
  await end();
  t.equal(await again, 4, 'and it goes on');
});

t.test('whenever calls come and runs end, each is answered by a run that began after it', async (t) => {
  const scripts: ('call' | 'end' | 'settle')[][] = [];
  const noted = property(array(constantFrom('call', 'end', 'settle'), { maxLength: 40 }), (steps) => {
    scripts.push(steps);
  });
  check(noted, { numRuns: 300 });
  for (const steps of scripts) {
    const { clock, call, end, begun, most } = setUp();
    const late: Promise<boolean>[] = [];
    for (const step of steps) {
      if (step === 'end') await end();
      else if (step === 'settle') await clock.settle();
      else {
        const before = begun();
        late.push(call().then((number) => number <= before));
      }
    }
    for (let runs = 0; runs < 2; runs += 1) await end();
    const calls = late.length;
    if (most() > 1 || begun() > calls || (await Promise.all(late)).includes(true)) t.fail(steps.join(' '));
  }
  t.equal(scripts.length, 300);
});
