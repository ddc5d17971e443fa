/** What was added, and which earlier answers still hold. */
import { randomBytes } from 'node:crypto';
import { bucketOf, createAdditions } from '@countersign/verifier/revocation/additions';
import t from 'tap';

t.test('an earlier answer holds until one of its own subjects is added', async (t) => {
  const additions = createAdditions();
  const [one, other] = [randomBytes(16), randomBytes(27)];
  const buckets = [one, other].map(bucketOf);
  const others = Array.from({ length: 1_000 }, () => randomBytes(16)).filter(
    (subject) => !buckets.includes(bucketOf(subject)),
  );
  const asked = additions.version();
  t.ok(additions.stillHolds(buckets, asked));
  additions.note(others);
  t.ok(additions.version() > asked);
  t.ok(additions.stillHolds(buckets, asked), 'whatever else is added');
  for (const subject of [one, other]) {
    const before = additions.version();
    additions.note([...others, subject]);
    t.notOk(additions.stillHolds(buckets, before));
    t.ok(additions.stillHolds(buckets, additions.version()), 'one of after does');
    additions.note(others);
    t.notOk(additions.stillHolds(buckets, before), 'and not again later');
  }
});

t.test('what may concern any subject changes all', async (t) => {
  const additions = createAdditions();
  const buckets = [bucketOf(randomBytes(16))];
  const before = additions.version();
  additions.noteForAll();
  t.notOk(additions.stillHolds(buckets, before));
  t.notOk(additions.stillHolds([], before));
  t.ok(additions.stillHolds(buckets, additions.version()));
});

t.test('an addition says "changed" of few others', async (t) => {
  const additions = createAdditions();
  const buckets = Array.from({ length: 10_000 }, () => [bucketOf(randomBytes(16))]);
  const before = additions.version();
  additions.note(Array.from({ length: 100 }, () => randomBytes(16)));
  const changed = buckets.filter((each) => !additions.stillHolds(each, before));
  t.ok(changed.length < 200, `${changed.length} of 10,000, where 61 are expected`);
});
