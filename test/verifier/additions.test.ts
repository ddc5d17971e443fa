/** What was added, and which earlier answers still hold. */
import { randomBytes } from 'node:crypto';
import { createAdditions, placeOf } from '@countersign/verifier/revocation/additions';
import t from 'tap';

t.test('an earlier answer holds until one of its own subjects is added', async (t) => {
  const additions = createAdditions();
  const [one, other] = [randomBytes(16), randomBytes(27)];
  const places = [one, other].map(placeOf);
  const others = Array.from({ length: 1_000 }, () => randomBytes(16)).filter(
    (subject) => !places.includes(placeOf(subject)),
  );
  const asked = additions.version();
  t.ok(additions.isUnchanged(places, asked));
  additions.note(others);
  t.ok(additions.version() > asked);
  t.ok(additions.isUnchanged(places, asked), 'whatever else is added');
  for (const subject of [one, other]) {
    const before = additions.version();
    additions.note([...others, subject]);
    t.notOk(additions.isUnchanged(places, before));
    t.ok(additions.isUnchanged(places, additions.version()), 'one of after does');
    additions.note(others);
    t.notOk(additions.isUnchanged(places, before), 'and not again later');
  }
});

t.test('what may concern any subject changes all', async (t) => {
  const additions = createAdditions();
  const places = [placeOf(randomBytes(16))];
  const before = additions.version();
  additions.noteForAll();
  t.notOk(additions.isUnchanged(places, before));
  t.notOk(additions.isUnchanged([], before));
  t.ok(additions.isUnchanged(places, additions.version()));
});

t.test('an addition says "changed" of few others', async (t) => {
  const additions = createAdditions();
  const places = Array.from({ length: 10_000 }, () => [placeOf(randomBytes(16))]);
  const before = additions.version();
  additions.note(Array.from({ length: 100 }, () => randomBytes(16)));
  const changed = places.filter((each) => !additions.isUnchanged(each, before));
  t.ok(changed.length < 200, `${changed.length} of 10,000, where 61 are expected`);
});
