/** Tokens under a key that a guard does not have: nothing false is said of them, and made-up ones are no load. */

import { verifierLimits } from '@countersign/verifier/limits';
import t from 'tap';
import { guardLimits } from '../../packages/guard/src/limits.ts';
import { eventually } from '../support/eventually.ts';
import { aLeasedGuard, fault, said } from '../support/guards.ts';
import { createManualClock } from '../support/manualClock.ts';
import { anotherJwk } from '../support/scriptedAuthority.ts';

t.test('an unknown key is asked about', async (t) => {
  const clock = createManualClock(Date.now());
  const { authority, guard, stream } = await aLeasedGuard(t, { surroundings: { clock }, now: clock.now() });
  stream.send({ keys: { jwks: JSON.stringify({ keys: [anotherJwk()] }), ageMs: 0 } });
  await eventually(
    'other keys',
    async () => (await said(guard, authority.forge.good)) === 'accepted' && authority.asked.introspect === 1,
  );
  t.equal(await said(guard, authority.forge.good), 'accepted', 'and it is a key, so others are good, too');
  const before = authority.asked.introspect;

  const madeUp = (kid: string) => authority.forge.withHeader({ kid });
  t.equal(await said(guard, madeUp('a')), '401 invalid_token inactive');
  t.equal(await said(guard, madeUp('a')), '401 invalid_token unknown_key', 'the authority has said so');
  t.equal(authority.asked.introspect, before + 1);
  await clock.advance(verifierLimits.unknownKeyMilliseconds);
  t.equal(await said(guard, madeUp('a')), '401 invalid_token inactive', 'and is asked again after a second');
  t.equal(authority.asked.introspect, before + 2);

  const many = Array.from({ length: 100 }, (_, index) => said(guard, madeUp(`b${index}`)));
  const answers = await Promise.all(many);
  const answered = answers.filter((answer) => answer === '401 invalid_token inactive').length;
  t.equal(authority.asked.introspect, before + 2 + answered);
  t.ok(answered > 1 && answered <= guardLimits.unknownKeys, 'made-up names do not become load');
  const notSaid = answers.filter((answer) => answer === '503 unavailable not_answered').length;
  t.equal(notSaid, 100 - answered, 'and of the others nothing is said that nobody knows');
});

t.test('an unknown key that cannot be asked about says nothing of its tokens', async (t) => {
  const clock = createManualClock(Date.now());
  const { authority, guard, stream } = await aLeasedGuard(t, { surroundings: { clock }, now: clock.now() });
  const { good } = authority.forge;
  stream.send({ keys: { jwks: JSON.stringify({ keys: [anotherJwk()] }), ageMs: 0 } });
  authority.mood.questions = 'down';
  await eventually('other keys', async () => (await said(guard, good)) === '503 unavailable not_answered');
  const { introspect } = authority.asked;
  t.equal(await said(guard, good), '503 unavailable not_answered', 'it failed');
  t.equal(authority.asked.introspect, introspect, 'and is not asked about at once again');
  await clock.advance(verifierLimits.unknownKeyMilliseconds);
  authority.mood.questions = 'silent';
  const open = Promise.all([said(guard, good), said(guard, good)]);
  await eventually('a question', () => authority.asked.introspect > introspect);
  t.equal(
    await said(guard, authority.forge.withHeader({ kid: 'c' }).slice(1)),
    '401 invalid_token malformed',
  );
  for (let time = 0; time < 3; time += 1) await clock.advance(guardLimits.questionMilliseconds);
  const unavailable = '503 unavailable not_answered';
  t.strictSame(await open, [unavailable, unavailable], 'while it is open, it is the same question');
  await clock.advance(verifierLimits.unknownKeyMilliseconds);
  authority.mood.questions = 'well';
  t.strictSame(await Promise.all([said(guard, good), said(guard, good)]), ['accepted', 'accepted']);
});

t.test(
  'with tokens.check alone, what has to be asked about whole is unavailable, and somebody is told',
  async (t) => {
    const clock = createManualClock(Date.now());
    const { authority, guard, stream } = await aLeasedGuard(t, { surroundings: { clock }, now: clock.now() });
    t.equal(await said(guard, authority.forge.good), 'accepted', 'what memory knows needs no more');
    authority.mood.questions = 'forbidden';
    stream.send({ keys: { jwks: JSON.stringify({ keys: [anotherJwk()] }), ageMs: 0 } });
    await eventually(
      'other keys',
      async () => (await said(guard, authority.forge.good)) === '503 unavailable not_answered',
    );
    t.match(await fault(guard, 'refused'), { message: /PERMISSION_DENIED/ });
  },
);
