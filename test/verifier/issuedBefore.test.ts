/** The mark "no access token that was issued until then is accepted", on the deny-list of one node. */
import { randomBytes } from 'node:crypto';
import type { SessionId } from '@countersign/verifier/ids';
import {
  answerMark,
  createMarks,
  markAt,
  markSubject,
  timeOfMark,
} from '@countersign/verifier/revocation/issuedBefore';
import { newJti, parseJti } from '@countersign/verifier/tokens/jti';
import t from 'tap';
import { newId } from '../../src/platform/newId.ts';
import { createDenyListNode, outcomeOf, revoked, startOfTest } from '../support/denyListNode.ts';

const hour = 3_600_000;
const moment = startOfTest;

function tokenOf(issuedAt: number) {
  const jti = parseJti(newJti(newId<SessionId>(issuedAt), issuedAt, 0));
  if (jti === undefined) throw new Error('not a jti');
  return jti;
}

type Node = ReturnType<typeof createDenyListNode>;
const ask = ({ denyList }: Node, issuedAt: number | undefined) =>
  outcomeOf({ check: (subjects) => denyList.check(subjects, issuedAt) }, tokenOf(issuedAt ?? 1).subjects);

t.test('its form: a jti of a session that nobody has', (t) => {
  const subject = markSubject(moment);
  t.equal(subject.length, 27);
  t.equal(
    Buffer.from(subject).toString('hex'),
    `${'00'.repeat(16)}${moment.toString(16).padStart(12, '0')}${'00'.repeat(5)}`,
  );
  t.equal(timeOfMark(subject), moment);
  t.equal(timeOfMark(markSubject(2 ** 48 - 1)), 2 ** 48 - 1);
  const others = [randomBytes(27), randomBytes(16), Buffer.alloc(16), ...tokenOf(moment).subjects];
  for (const other of others) t.equal(timeOfMark(other), undefined);
  t.equal(parseJti(Buffer.from(subject).toString('base64url')), undefined, 'nobody can name one as a token');
  t.match(markAt(moment), { reason: 'restored' });
  t.ok(markAt(moment).expiresAt >= moment + 24 * hour + 70_000, 'longer than any token lives');
  t.end();
});

t.test('what the truth answers', (t) => {
  const marks = [markAt(moment), revoked(randomBytes(27))];
  for (const [asked, answered] of [
    [moment - 1, true],
    [moment, true],
    [moment + 1, false],
  ] as const) {
    const answer = answerMark(markSubject(asked), marks);
    t.equal(answer !== undefined, answered);
    if (answer !== undefined) t.strictSame(answer.subject, markSubject(asked), 'under what was asked');
  }
  t.equal(answerMark(randomBytes(27), marks), undefined);
  t.end();
});

t.test('tokens by the time at which they were issued', async (t) => {
  const node = createDenyListNode();
  await node.load();
  t.equal(await ask(node, moment - 1), 'not revoked by bloom', 'without a mark');
  const { version } = node.denyList;
  const before = version();
  node.denyList.addCommitted([markAt(moment), revoked(randomBytes(16))]);
  t.not(version(), before, 'what was remembered is judged again');
  for (const [issuedAt, outcome] of [
    [moment - 24 * hour, 'revoked restored by lru'],
    [moment, 'revoked restored by lru'],
    [moment + 1, 'not revoked by bloom'],
    [undefined, 'not revoked by bloom'],
  ] as const)
    t.equal(await ask(node, issuedAt), outcome, String(issuedAt));
  t.equal(node.store.finds, 0, 'nobody was asked');
  t.match(node.denyList.marks(), [{ ...markAt(moment), committed: true }]);
  t.equal(node.denyList.stats().entries, 1, 'a mark is in no filter');

  node.denyList.addCommitted([markAt(moment - hour)]);
  node.denyList.add([markAt(moment - 1)]);
  t.match(node.denyList.marks(), [markAt(moment)], 'a later one says all that an earlier one does');
  node.lease.isHeld = false;
  t.equal(await ask(node, moment), 'revoked restored by lru', 'what is known needs no lease');
  node.lease.isHeld = true;
  node.denyList.dropExpired(markAt(moment).expiresAt - 1);
  t.equal(node.denyList.marks().length, 1);
  node.denyList.dropExpired(markAt(moment).expiresAt);
  t.strictSame(node.denyList.marks(), []);
});

t.test('one that was read, or suspected: the truth is asked once', async (t) => {
  const node = createDenyListNode();
  await node.load();
  node.denyList.add([markAt(moment)]);
  t.match(node.denyList.marks(), [{ committed: false }]);
  node.store.fault = new Error('down');
  t.equal(await ask(node, moment - 5), 'unavailable confirmation_store', 'never "not revoked"');
  node.store.fault = undefined;
  t.equal(await ask(node, moment - 5), 'not revoked by postgres', 'it came to nothing');
  t.equal(await ask(node, moment + 1), 'not revoked by bloom', 'a later token is not asked about');
  node.store.record(markAt(moment));
  const { finds } = node.store;
  t.equal(await ask(node, moment - 5), 'revoked restored by postgres');
  for (const issuedAt of [moment - 5, moment - hour, moment])
    t.equal(await ask(node, issuedAt), 'revoked restored by lru');
  t.equal(node.store.finds, finds + 1);
  t.match(node.denyList.marks(), [{ ...markAt(moment), committed: true }]);
});

t.test('of two suspected ones, the later came to nothing', async (t) => {
  const node = createDenyListNode();
  await node.load();
  node.denyList.add([markAt(moment - hour)]);
  node.denyList.add([markAt(moment)]);
  node.store.record(markAt(moment - hour));
  t.equal(await ask(node, moment - hour), 'revoked restored by postgres');
  t.equal(await ask(node, moment - 1), 'not revoked by postgres');
  t.equal(await ask(node, moment - hour), 'revoked restored by lru');
});

t.test('memory that is loaded has them; without it, or a lease, the truth is asked', async (t) => {
  const node = createDenyListNode([markAt(moment), revoked(randomBytes(27))]);
  t.equal(await ask(node, moment + 1), 'not revoked by postgres', 'before it is loaded');
  t.equal(await ask(node, moment), 'revoked restored by postgres');
  await node.load();
  t.match(node.denyList.marks(), [{ committed: true }]);
  t.equal(await ask(node, moment), 'revoked restored by lru');
  node.lease.isHeld = false;
  t.equal(await ask(node, moment + 1), 'not revoked by postgres');
  node.store.record(markAt(moment + hour));
  t.equal(await ask(node, moment + 1), 'revoked restored by postgres');
  t.equal(await ask(node, moment + 1), 'revoked restored by lru');
});

t.test('memory begins anew: what may be of another history is asked about', (t) => {
  const marks = createMarks();
  marks.take([markAt(moment)], true);
  marks.take([markAt(moment + 1)], false);
  marks.startOver();
  t.ok(marks.covers(moment));
  t.notOk(marks.mayCover(moment + 1));
  t.end();
});
