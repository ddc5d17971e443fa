/** A token of a key that this node does not know: the ring is looked at again, within limits, before it is refused. */

import { verifierLimits } from '@countersign/verifier/limits';
import { createAccessTokenReader } from '@countersign/verifier/tokens/accessTokenReader';
import { keySubject } from '@countersign/verifier/tokens/publicKey';
import t from 'tap';
import { type ReadingParts, readGenuineToken, readToken } from '../../src/tokens/readToken.ts';
import { createKeyNodes, operator, startOfKeys } from '../support/keyNode.ts';
import { audience, es256, issuer, openTokenForge } from '../support/tokenForge.ts';

const forge = await openTokenForge(startOfKeys);

/** Two nodes; the first reads tokens, the second changes keys that the first has not looked at. */
async function setUp() {
  const world = createKeyNodes(2);
  const { nodes, look, clock, database } = world;
  const [node, other] = nodes as [(typeof nodes)[0], (typeof nodes)[0]];
  await look();
  let looks = 0;
  const { load } = database.signingKeys;
  database.signingKeys.load = () => {
    looks += 1;
    return load();
  };
  const revoked = new Set<string>();
  const parts: ReadingParts = {
    accessTokenReader: createAccessTokenReader({ keyRing: node.keyRing, issuer, audience }),
    ringKeeper: node.ringKeeper,
    audiences: { lookAgain: async () => {} },
    latestTime: clock.now,
    denyList: {
      check: ([subject]) =>
        revoked.has(Buffer.from(subject ?? []).toString('hex'))
          ? { revoked: true, decidedBy: 'lru', reason: '' }
          : { revoked: false, decidedBy: 'bloom' },
    },
  };
  /** A token of the key that signs on the other node. */
  const newToken = () => {
    const { kid, privateKey } = other.keyRing.signer();
    return { kid, token: forge.withHeader({ kid }, es256(privateKey)) };
  };
  const stop = () => Promise.all(nodes.map(({ ringKeeper }) => ringKeeper.stop()));
  const looked = () => {
    const since = looks;
    looks = 0;
    return since;
  };
  return { ...world, node, other, parts, revoked, newToken, stop, looked };
}

/** A second emergency in a row: the key that signs now was not there when the first node last looked. */
async function twoEmergencies({ other, kidIn }: Awaited<ReturnType<typeof setUp>>) {
  await other.revokeKey(kidIn('active'), operator);
  await other.revokeKey(kidIn('active'), operator);
}

t.test('a key that is newer than the ring', async (t) => {
  const world = await setUp();
  const { parts, newToken, looked, stop } = world;
  await twoEmergencies(world);
  const { kid, token } = newToken();
  looked();
  t.match(await readToken(parts, token), { valid: true, keySubject: keySubject(kid) });
  t.equal(looked(), 1, 'after one look');
  t.match(await readToken(parts, token), { valid: true });
  t.equal(looked(), 0, 'then it is known');
  await stop();
});

t.test('names that nobody has made', async (t) => {
  const { parts, looked, stop, clock } = await setUp();
  const made = (index: number) => forge.withHeader({ kid: `made-up-${index}` });
  looked();
  const reads = await Promise.all(Array.from({ length: 100 }, (_, index) => readToken(parts, made(index))));
  for (let index = 100; index < 200; index += 1) reads.push(await readToken(parts, made(index)));
  t.ok(reads.every((read) => !read.valid && read.fault === 'unknown_key'));
  t.equal(looked(), 1, 'two hundred within a second: one look');
  t.match(await readToken(parts, 'no token at all'), { fault: 'malformed' });
  t.match(await readToken(parts, forge.withHeader({ alg: 'none' })), { fault: 'header' });
  await clock.advance(verifierLimits.unknownKeyMilliseconds);
  looked();
  for (const other of [forge.withBody('{}'), `${forge.good}x`, '..']) await readToken(parts, other);
  t.equal(looked(), 1, 'the forge is a stranger too');
  t.match(await readToken(parts, forge.good), { fault: 'unknown_key' });
  t.equal(looked(), 0);
  await stop();
});

t.test('without an answer of the store it is not said that a token is bad', async (t) => {
  const world = await setUp();
  const { parts, database, newToken, stop, clock } = world;
  await twoEmergencies(world);
  const { token } = newToken();
  const { load } = database.signingKeys;
  database.signingKeys.load = () => Promise.reject(new Error('on purpose'));
  for (const time of ['the first', 'the next within the second']) {
    await t.rejects(async () => readToken(parts, token), { code: 'unavailable' }, time);
  }
  database.signingKeys.load = load;
  await clock.advance(verifierLimits.unknownKeyMilliseconds);
  t.match(await readToken(parts, token), { valid: true });
  await stop();
});

t.test('what a token says counts for nothing when its key was revoked', async (t) => {
  const { parts, newToken, revoked, stop } = await setUp();
  const { kid, token } = newToken();
  t.match(await readGenuineToken(parts, token), { valid: true });
  revoked.add(Buffer.from(keySubject(kid)).toString('hex'));
  t.strictSame(await readGenuineToken(parts, token), { valid: false, fault: 'revoked' });
  t.match(await readToken(parts, token), { valid: true }, 'who only reads it asks the deny-list itself');
  t.match(await readGenuineToken(parts, forge.good), { valid: false, fault: 'unknown_key' });
  await stop();
});
