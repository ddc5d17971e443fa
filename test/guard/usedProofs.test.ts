/** What a guard remembers of proofs: as long as they would be accepted again, and no more than fits. */
import t from 'tap';
import { createUsedProofs } from '../../packages/guard/src/usedProofs.ts';

const now = Date.UTC(2030, 0, 1, 12);
const until = now + 120_000;
const proof = (jti: string, jkt = 'key', acceptedUntil = until) => ({ jti, jkt, acceptedUntil });

t.test('each is used once, by its key', (t) => {
  const used = createUsedProofs();
  t.equal(used.use(proof('one'), now), 'first');
  t.equal(used.use(proof('one'), now), 'again');
  t.equal(used.use(proof('one'), until), 'again', 'as long as it would be accepted');
  t.equal(used.use(proof('one', 'other'), now), 'first', 'of another key');
  t.end();
});

t.test('expired ones are forgotten, and make room', (t) => {
  const used = createUsedProofs(2);
  t.equal(used.use(proof('one'), now), 'first');
  t.equal(used.use(proof('two'), now), 'first');
  t.equal(used.use(proof('three'), now), 'full', 'it could have been used before');
  t.equal(used.use(proof('one'), now), 'again', 'what is known is still known');
  const later = until + 30_000;
  t.equal(used.use(proof('three', 'key', later + 120_000), later), 'first');
  t.equal(used.size(), 1);
  t.end();
});
