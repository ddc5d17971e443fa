/** Confirmation where there is a shared copy: its "yes" is final, and whatever else it says is nothing. */
import { randomBytes } from 'node:crypto';
import { AuthorityError } from '@countersign/verifier/errors';
import { verifierLimits } from '@countersign/verifier/limits';
import {
  type Confirmation,
  createConfirmation,
  subjectKey,
} from '@countersign/verifier/revocation/confirmation';
import type { Candidate, Projection } from '@countersign/verifier/revocation/projection';
import type { Revocation } from '@countersign/verifier/revocation/revocation';
import t from 'tap';
import { createManualClock } from '../support/manualClock.ts';

const { confirmationMilliseconds, copyMilliseconds } = verifierLimits;
const lost = new Error('lost');
const revoked = (subject: Uint8Array): Revocation => ({ subject, reason: 'logout', expiresAt: 0 });
const candidate = (bytes: number, endsAt = 1_000): Candidate => ({
  subject: randomBytes(bytes),
  slices: [{ ofSessions: bytes === 16, endsAt }],
});
const pair = () => [candidate(27), candidate(16)];
const withoutSlices = () => pair().map(({ subject }) => ({ subject, slices: [] }));

function setUp(contains: Projection['contains'], find?: () => Promise<never>) {
  const clock = createManualClock(0);
  const asked: { copy: (readonly Candidate[])[]; truth: (readonly Uint8Array[])[] } = { copy: [], truth: [] };
  const inTruth = new Set<string>();
  const confirm = createConfirmation({
    clock,
    copy: {
      contains(candidates) {
        asked.copy.push(candidates);
        return contains(candidates);
      },
    },
    find: async (subjects) => {
      asked.truth.push(subjects);
      return find?.() ?? subjects.filter((subject) => inTruth.has(subjectKey(subject))).map(revoked);
    },
  });
  return { clock, asked, inTruth, confirm };
}

async function outcome(confirmed: Promise<Confirmation>): Promise<string> {
  try {
    const { by, revocation } = await confirmed;
    return `${revocation === undefined ? 'not revoked' : `revoked ${revocation.reason}`} by ${by}`;
  } catch (error) {
    return error instanceof AuthorityError ? `${error.code} ${error.reason}` : `${error}`;
  }
}

t.test('its "yes" is final', async (t) => {
  for (const found of [0, 1]) {
    const answer = (_: readonly Candidate[]) => Promise.resolve([found === 0, found === 1]);
    const { clock, asked, confirm } = setUp(answer, () => Promise.reject(lost));
    const candidates = pair();
    const subject = candidates[found]?.subject;
    t.strictSame(await confirm(candidates), { by: 'redis', revocation: { subject, reason: '' } });
    t.strictSame(asked, { copy: [candidates], truth: [] }, 'the truth is not asked');
    t.equal(clock.timers(), 0);
  }
});

t.test('anything else is asked of the truth', async (t) => {
  const never = () => new Promise<never>(() => {});
  const answers: Record<string, Projection['contains']> = {
    'it says no': async (candidates) => candidates.map(() => false),
    'it answers less than it was asked': async () => [],
    'it fails': () => Promise.reject(lost),
    'it does not answer': never,
    'it throws at once': () => {
      throw lost;
    },
  };
  for (const [what, contains] of Object.entries(answers)) {
    const { clock, asked, inTruth, confirm } = setUp(contains);
    const [dead, live] = [pair(), pair()];
    inTruth.add(subjectKey(dead[1]?.subject as Uint8Array));
    const first = outcome(confirm(dead));
    await clock.advance(copyMilliseconds);
    t.equal(await first, 'revoked logout by postgres', what);
    const second = outcome(confirm(live));
    await clock.advance(copyMilliseconds);
    t.equal(await second, 'not revoked by postgres', what);
    t.strictSame(
      asked.truth,
      [dead, live].map((candidates) => candidates.map(({ subject }) => subject)),
      `${what}: of both subjects`,
    );
    t.equal(clock.timers(), 0, what);
  }
});

t.test('it is waited for for its time only, and what it says then changes nothing', async (t) => {
  let answer: (contained: readonly boolean[]) => void = () => {};
  const { clock, asked, confirm } = setUp(
    () =>
      new Promise((resolve) => {
        answer = resolve;
      }),
  );
  const confirmed = outcome(confirm(pair()));
  await clock.advance(copyMilliseconds - 1);
  t.strictSame(asked.truth, []);
  await clock.advance(1);
  t.equal(asked.truth.length, 1);
  answer([true, true]);
  t.equal(await confirmed, 'not revoked by postgres');
});

t.test('neither answers: unavailable, and never "not revoked"', async (t) => {
  const { clock, confirm } = setUp(
    () => Promise.reject(lost),
    () => Promise.reject(lost),
  );
  t.equal(await outcome(confirm(pair())), 'unavailable confirmation_store');
  t.equal(clock.timers(), 0);
  const hanging = setUp(
    () => new Promise<never>(() => {}),
    () => new Promise<never>(() => {}),
  );
  const confirmed = outcome(hanging.confirm(pair()));
  await hanging.clock.advance(confirmationMilliseconds);
  t.equal(await confirmed, 'unavailable confirmation_deadline');
});

t.test('without slices there is nothing to look into', async (t) => {
  const { asked, confirm } = setUp(async (candidates) => candidates.map(() => true));
  const nowhere = withoutSlices();
  t.equal(await outcome(confirm(nowhere)), 'not revoked by postgres');
  t.strictSame(asked.copy, []);
  t.strictSame(asked.truth, [nowhere.map(({ subject }) => subject)]);

  const [session] = [candidate(16)];
  const [token] = withoutSlices();
  t.match(await confirm([token as Candidate, session]), {
    by: 'redis',
    revocation: { subject: session.subject },
  });
  t.strictSame(asked.copy, [[session]], 'of two, only the one that has');
});

t.test('of a batch, each is answered its own, and only what is open goes to the truth', async (t) => {
  const known = new Set<Candidate>();
  const { clock, asked, inTruth, confirm } = setUp(async (candidates) =>
    candidates.map((one) => known.has(one)),
  );
  const first = confirm(pair());
  const checks = Array.from({ length: 40 }, (_, index) => ({
    candidates: index % 4 === 3 ? withoutSlices() : pair(),
    kind: index % 4,
  }));
  for (const { candidates, kind } of checks) {
    const [token, session] = candidates as [Candidate, Candidate];
    if (kind === 0) known.add(session);
    if (kind === 1 || kind === 3) inTruth.add(subjectKey(token.subject));
  }
  const outcomes = Promise.all(checks.map(({ candidates }) => outcome(confirm(candidates))));
  await first;
  const expected = [
    'revoked  by redis',
    'revoked logout by postgres',
    'not revoked by postgres',
    'revoked logout by postgres',
  ];
  t.strictSame(
    await outcomes,
    checks.map(({ kind }) => expected[kind]),
  );
  const subjects = (kinds: readonly number[]) =>
    checks.filter(({ kind }) => kinds.includes(kind)).flatMap(({ candidates }) => candidates);
  t.strictSame(asked.copy[1], subjects([0, 1, 2]), 'one question to the copy');
  t.strictSame(
    asked.truth[1],
    subjects([1, 2, 3]).map(({ subject }) => subject),
    'and one statement',
  );
  t.equal(clock.timers(), 0);
});
