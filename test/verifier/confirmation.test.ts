import { randomBytes } from 'node:crypto';
import { AuthorityError } from '@countersign/verifier/errors';
import { verifierLimits } from '@countersign/verifier/limits';
import {
  type Confirm,
  type Confirmation,
  createConfirmation,
  subjectKey,
} from '@countersign/verifier/revocation/confirmation';
import type { Revocation } from '@countersign/verifier/revocation/revocation';
import t from 'tap';
import { createManualClock } from '../support/manualClock.ts';

type Subjects = readonly Uint8Array[];

/** A statement that runs until the test lets it end. */
interface Statement {
  readonly subjects: Subjects;
  answer(found: readonly Revocation[]): void;
  fail(error: Error): void;
}

/** A store that keeps each statement waiting. */
function setUp() {
  const clock = createManualClock(Date.UTC(2030, 0, 1));
  const statements: Statement[] = [];
  const find = (subjects: Subjects) =>
    new Promise<readonly Revocation[]>((answer, fail) => {
      statements.push({ subjects, answer, fail });
    });
  return { clock, statements, confirm: ofSubjects(createConfirmation({ find, clock })) };
}

/** Without slices, so that there is nothing but the truth to ask. */
function ofSubjects(confirm: Confirm) {
  return (subjects: Subjects) => confirm(subjects.map((subject) => ({ subject, slices: [] })));
}

const { confirmationBatch, confirmationMilliseconds, confirmationsWaiting } = verifierLimits;
const revoked = (subject: Uint8Array, reason = 'logout'): Revocation => ({ subject, reason, expiresAt: 0 });
/** What a check asks of: a token and its session. */
const pair = (): [Uint8Array, Uint8Array] => [randomBytes(27), randomBytes(16)];
const many = (count: number) => Array.from({ length: count }, pair);

/** The reason of its refusal, or what it was answered. */
async function outcome(confirmed: Promise<Confirmation>): Promise<string> {
  try {
    return (await confirmed).revocation?.reason ?? 'not revoked';
  } catch (error) {
    return error instanceof AuthorityError ? `${error.code} ${error.reason}` : `${error}`;
  }
}
const outcomes = (all: readonly Promise<Confirmation>[]) => Promise.all(all.map(outcome));

t.test('one hit is one statement, for its subjects, at once', async (t) => {
  const { clock, statements, confirm } = setUp();
  const subjects = pair();
  const confirmed = outcome(confirm(subjects));
  await clock.settle();
  t.equal(statements.length, 1);
  t.strictSame(statements[0]?.subjects, subjects);
  statements[0]?.answer([revoked(subjects[1], 'logout_all')]);
  t.equal(await confirmed, 'logout_all');
  t.equal(clock.timers(), 0, 'its deadline is called off');
});

t.test('hits that come while a statement runs go into the next one, together', async (t) => {
  const { clock, statements, confirm } = setUp();
  const first = outcome(confirm(pair()));
  const later = many(300);
  const waiting = outcomes(later.slice(0, 100).map(confirm));
  await clock.settle();
  const more = outcomes(later.slice(100).map(confirm));
  await clock.settle();
  t.equal(statements.length, 1, 'none of them starts a statement while one runs');

  statements[0]?.answer([]);
  t.equal(await first, 'not revoked');
  await clock.settle();
  t.equal(statements.length, 2, 'then all of them are one');
  t.strictSame(statements[1]?.subjects, later.flat());
  statements[1]?.answer([revoked(later[7]?.[0] as Uint8Array)]);
  const answers = [...(await waiting), ...(await more)];
  t.strictSame(
    answers.flatMap((answer, index) => (answer === 'logout' ? [index] : [])),
    [7],
  );

  void outcome(confirm(pair()));
  await clock.settle();
  t.equal(statements.length, 3, 'and the next hit does not wait for company');
});

t.test('one statement takes a bounded batch, in the order of arrival', async (t) => {
  const { clock, statements, confirm } = setUp();
  void confirm(pair());
  const later = many(2 * confirmationBatch + 500);
  const waiting = outcomes(later.map(confirm));
  await clock.settle();
  for (const size of [confirmationBatch, confirmationBatch, 500]) {
    statements.at(-1)?.answer([]);
    await clock.settle();
    t.equal(statements.at(-1)?.subjects.length, size * 2, `${size} checks`);
  }
  statements.at(-1)?.answer([]);
  t.strictSame(new Set(await waiting), new Set(['not revoked']));
  t.equal(statements.length, 4);
  t.strictSame(
    statements.slice(1).flatMap(({ subjects }) => subjects),
    later.flat(),
  );
});

t.test('above the queue a check is unavailable at once, and those that wait are not harmed', async (t) => {
  const { clock, statements, confirm } = setUp();
  const running = outcome(confirm(pair()));
  const waiting = outcomes(many(confirmationsWaiting).map(confirm));
  const refused = await outcomes(many(3).map(confirm));
  t.strictSame(new Set(refused), new Set(['unavailable confirmation_queue_full']));
  await t.rejects(confirm(pair()), { code: 'unavailable', retryAfterSeconds: 1 });
  await clock.settle();
  t.equal(statements.length, 1);

  statements[0]?.answer([]);
  await clock.settle();
  const admitted = confirm(pair());
  for (let next = 1; next <= confirmationsWaiting / confirmationBatch + 1; next += 1) {
    statements[next]?.answer([]);
    await clock.settle();
  }
  t.equal(await running, 'not revoked');
  t.strictSame(new Set(await waiting), new Set(['not revoked']));
  t.equal(await outcome(admitted), 'not revoked', 'there was room again');
  t.equal(clock.timers(), 0);
});

t.test('what is not confirmed in time is unavailable, and a late answer changes nothing', async (t) => {
  const { clock, statements, confirm } = setUp();
  const subjects = pair();
  const settled: string[] = [];
  const running = outcome(confirm(subjects)).then((answer) => settled.push(answer));
  await clock.advance(400);
  const queued = outcome(confirm(subjects)).then((answer) => settled.push(answer));
  await clock.advance(confirmationMilliseconds - 401);
  t.strictSame(settled, [], 'one millisecond before');
  await clock.advance(1);
  t.strictSame(settled, ['unavailable confirmation_deadline'], 'each has its own deadline');
  await clock.advance(400);
  t.equal(settled.length, 2, 'also one whose statement has not begun');

  statements[0]?.answer([revoked(subjects[0])]);
  await clock.settle();
  statements[1]?.answer([revoked(subjects[0])]);
  await Promise.all([running, queued]);
  t.strictSame(settled, Array(2).fill('unavailable confirmation_deadline'));
  const after = confirm(subjects);
  await clock.settle();
  statements.at(-1)?.answer([revoked(subjects[0])]);
  t.equal(await outcome(after), 'logout', 'the next check is answered');
});

t.test('a statement that hangs holds up nobody for longer than its own callers', async (t) => {
  const { clock, statements, confirm } = setUp();
  const hanging = outcome(confirm(pair()));
  await clock.advance(confirmationMilliseconds - 1);
  const waiting = outcome(confirm(pair()));
  await clock.advance(1);
  t.equal(await hanging, 'unavailable confirmation_deadline');
  t.equal(statements.length, 2);
  statements[1]?.answer([]);
  t.equal(await waiting, 'not revoked');
  t.equal(clock.timers(), 0);
});

t.test('an answer in the last millisecond counts', async (t) => {
  const { clock, statements, confirm } = setUp();
  const confirmed = outcome(confirm(pair()));
  await clock.advance(confirmationMilliseconds - 1);
  statements[0]?.answer([]);
  t.equal(await confirmed, 'not revoked');
});

t.test('when the store fails, the whole batch is unavailable, and the next one works', async (t) => {
  const { clock, statements, confirm } = setUp();
  const cause = new Error('connection lost');
  const running = outcome(confirm(pair()));
  const waiting = outcomes(many(50).map(confirm));
  await clock.settle();
  statements[0]?.answer([]);
  t.equal(await running, 'not revoked', 'the one before is not harmed');
  await clock.settle();
  const subjects = pair();
  const next = confirm(subjects);
  statements[1]?.fail(cause);
  t.strictSame(new Set(await waiting), new Set(['unavailable confirmation_store']));
  await clock.settle();
  statements[2]?.answer([revoked(subjects[0])]);
  t.equal(await outcome(next), 'logout');

  const failing = confirm(pair());
  await clock.settle();
  statements[3]?.fail(cause);
  await t.rejects(failing, { code: 'unavailable', retryAfterSeconds: 1, cause }, 'the log can tell why');
  t.equal(clock.timers(), 0);
});

t.test('a store that throws before it asks is unavailable, too', async (t) => {
  const clock = createManualClock(0);
  let asked = 0;
  const find = (): Promise<readonly Revocation[]> => {
    asked += 1;
    if (asked === 1) throw new Error('no connection');
    return Promise.resolve([]);
  };
  const confirm = ofSubjects(createConfirmation({ find, clock }));
  t.equal(await outcome(confirm(pair())), 'unavailable confirmation_store');
  t.equal(await outcome(confirm(pair())), 'not revoked');
});

t.test('of a thousand checks each is answered its own', async (t) => {
  const { clock, statements, confirm } = setUp();
  void confirm(pair());
  const session = randomBytes(16);
  // By token, by session, by both, by a session that many share, and not at all.
  const checks = many(1_000).map(([token, own], index) => {
    const subjects: [Uint8Array, Uint8Array] = [token, index % 5 === 3 ? session : own];
    return { subjects, kind: index % 5, index };
  });
  const waiting = outcomes(checks.map(({ subjects }) => confirm(subjects)));
  await clock.settle();
  statements[0]?.answer([]);
  await clock.settle();
  t.equal(statements.length, 2, 'all in one statement');

  const found = checks.flatMap(({ subjects: [token, own], kind, index }) => [
    ...(kind === 0 || kind === 2 ? [revoked(token, `token ${index}`)] : []),
    ...(kind === 1 || kind === 2 ? [revoked(own, `session ${index}`)] : []),
  ]);
  const rows = [...found, revoked(session, 'shared'), revoked(randomBytes(16), 'not asked for')];
  // The store promises no order, and its bytes are not the caller's.
  const copies = rows.map((row) => ({ ...row, subject: new Uint8Array(row.subject) })).reverse();
  statements[1]?.answer(copies);
  const expected = checks.map(
    ({ kind, index }) =>
      [`token ${index}`, `session ${index}`, `token ${index}`, 'shared', 'not revoked'][kind] as string,
  );
  t.strictSame(await waiting, expected);
});

t.test('a subject is a key by all its bytes', (t) => {
  const bytes = Uint8Array.from({ length: 256 }, (_, byte) => byte);
  t.equal(new Set([...bytes].map((byte) => subjectKey(Uint8Array.of(byte)))).size, 256);
  t.equal(subjectKey(bytes.subarray(10, 26)), subjectKey(bytes.slice(10, 26)), 'a view is what it shows');
  t.not(subjectKey(bytes.slice(0, 16)), subjectKey(bytes.slice(0, 27)));
  t.end();
});
