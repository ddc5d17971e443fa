import t from 'tap';
import { cachedAnswer } from '../../../src/platform/queues/cachedAnswer.ts';
import { createManualClock } from '../../support/manualClock.ts';

t.test('who asks soon after another one shares the answer, good or bad', async (t) => {
  const clock = createManualClock(0);
  const answers: ((answer: Promise<string>) => void)[] = [];
  const ask = cachedAnswer(clock, 100, () => new Promise<string>((resolve) => answers.push(resolve)));
  const together = [ask(), ask()];
  await clock.advance(99);
  together.push(ask());
  t.equal(answers.length, 1);
  answers[0]?.(Promise.resolve('first'));
  t.strictSame(await Promise.all(together), ['first', 'first', 'first']);
  t.equal(await ask(), 'first');
  await clock.advance(1);
  const later = [ask(), ask()];
  t.equal(answers.length, 2);
  answers[1]?.(Promise.reject(new Error('on purpose')));
  for (const each of later) await t.rejects(each, /on purpose/);
  await clock.advance(100);
  void ask();
  t.equal(answers.length, 3, 'one that never answers holds up nobody for longer');
  await clock.advance(100);
  void ask();
  t.equal(answers.length, 4);
});
