/** The life of a key ring: how it begins, rotates by itself and on demand, and what is told of it. */
import { randomBytes } from 'node:crypto';
import { momentOf, rfc3339 } from '@countersign/verifier/clock';
import { verifierLimits } from '@countersign/verifier/limits';
import t from 'tap';
import { cacheMs, keyPolicy } from '../../src/keys/keyPolicy.ts';
import { createSealing } from '../../src/platform/sealing.ts';
import { createKeyNode, createKeyNodes, operator, quickPolicy as policy } from '../support/keyNode.ts';
import { createMemoryDatabase } from '../support/memoryDatabase.ts';
import { inWords } from '../support/ringRows.ts';
import { aSigningKey } from '../support/signingKeys.ts';

const { rotationIntervalMs: interval } = policy;
const lead = cacheMs(policy);
const kept = lead + policy.tokenLifetimeMs + verifierLimits.clockSkewSeconds * 1000;
const states = (keys: readonly { readonly state: string }[]) => keys.map(({ state }) => state).sort();

t.test('the first start makes the key that signs and the next one, in one transaction', async (t) => {
  const { database, nodes, trail, kidIn } = createKeyNodes(1);
  const [node] = nodes;
  await node.ringKeeper.start();
  t.strictSame(states(database.contents().keys), ['active', 'next']);
  t.equal(database.committed(), 1);
  const published = database.contents().keys.map(({ publishedAt }) => publishedAt);
  t.strictSame(published, [undefined, undefined], 'no set was served without them');
  t.strictSame(trail(), ['authority: signing_key_created 1', 'authority: signing_key_created 2']);
  t.equal(node.keyRing.signer().kid, kidIn('active'));
  await node.ringKeeper.stop();
});

t.test('a start that fails leaves no key', async (t) => {
  const { database, nodes } = createKeyNodes(1);
  const [node] = nodes;
  database.fault = new Error('on purpose');
  await t.rejects(node.ringKeeper.start(), database.fault);
  t.strictSame(database.contents(), { ...database.contents(), keys: [], events: [] });
  t.equal(node.keyRing.size(), 0, 'not in the ring either');
});

t.test('eight nodes that start together make two keys', async (t) => {
  const { database, nodes, kidIn } = createKeyNodes(8);
  await Promise.all(nodes.map(({ ringKeeper }) => ringKeeper.start()));
  t.strictSame(states(database.contents().keys), ['active', 'next']);
  t.strictSame(new Set(nodes.map(({ keyRing }) => keyRing.signer().kid)), new Set([kidIn('active')]));
});

t.test('a key by its schedule: published, signing, retiring, gone; whichever node comes first', async (t) => {
  const { clock, database, nodes, look, row, kidIn, trail } = createKeyNodes(3);
  await look();
  const [first, second] = [kidIn('active'), kidIn('next')];
  await clock.advance(interval - 1);
  await look();
  t.equal(kidIn('active'), first, 'not a millisecond early');
  await clock.advance(1);
  await look();
  const third = kidIn('next');
  t.equal(kidIn('active'), second);
  t.match(row(first), { state: 'retiring', retiringAt: clock.now() });
  t.match(row(third), { publishedAt: clock.now() });
  t.equal(database.contents().keys.length, 3, 'one key was made');
  for (const { keyRing } of nodes) t.equal(keyRing.signer().kid, second, 'every node signs with it');

  await clock.advance(kept - 1);
  await look();
  t.equal(row(first)?.state, 'retiring', 'until the last of its tokens has expired');
  await clock.advance(1);
  await look();
  t.match(row(first), { state: 'retired', sealedPrivateKey: new Uint8Array() }, 'its private half is gone');
  for (const { keyRing } of nodes) t.equal(keyRing.verifier(first), undefined);

  await clock.advance(interval - kept);
  await look();
  t.equal(kidIn('active'), third);
  t.strictSame(trail().slice(2), [
    'authority: signing_key_activated 2',
    'authority: signing_key_created 3',
    'authority: signing_key_retired 1',
    'authority: signing_key_activated 3',
    'authority: signing_key_created 4',
  ]);
  for (const { ringKeeper, faults } of nodes) {
    t.strictSame(faults, []);
    await ringKeeper.stop();
  }
});

t.test('a node that slept through two rotations has the ring of now before it signs', async (t) => {
  const { clock, nodes, kidIn } = createKeyNodes(2);
  const [awake, asleep] = nodes as [(typeof nodes)[0], (typeof nodes)[0]];
  await awake.ringKeeper.start();
  await asleep.ringKeeper.start();
  await asleep.ringKeeper.stop();
  const [first, second] = [kidIn('active'), kidIn('next')];
  for (const rotation of [1, 2]) {
    await clock.advance(interval + rotation);
    await awake.ringKeeper.reload();
  }
  t.notOk([first, second].includes(kidIn('active')), 'two rotations later');
  t.throws(() => asleep.keyRing.signer(), { code: 'unavailable' });
  t.equal(asleep.keyRing.upToDate(), false);
  const { keys } = await asleep.keep();
  asleep.keyRing.adopt(keys, momentOf(clock));
  t.equal(asleep.keyRing.signer().kid, kidIn('active'));
  await awake.ringKeeper.stop();
});

t.test('a key is seen only when it has been committed: a commit may take long', async (t) => {
  const tight = keyPolicy({ rotationIntervalMs: 120_000, jwksMaxAgeMs: 60_000, accessTtlMs: 1_000 });
  t.equal(cacheMs(tight), tight.rotationIntervalMs, 'with these settings, nothing is left over');
  const { clock, database, sealing, kidIn } = createKeyNodes(0);
  const { keep } = createKeyNode({ database, clock, sealing, policy: tight });
  await keep();
  const { transaction } = database;
  database.transaction = (work) =>
    transaction(async (stores) => {
      const done = await work(stores);
      await clock.advance(5_000);
      return done;
    });
  await clock.advance(tight.rotationIntervalMs);
  t.equal((await keep()).dueInMs, tight.rotationIntervalMs);
  database.transaction = transaction;
  const signing = kidIn('active');
  await clock.advance(tight.rotationIntervalMs - 1);
  await keep();
  t.equal(kidIn('active'), signing);
  await clock.advance(1);
  await keep();
  t.not(kidIn('active'), signing);
});

t.test('rotation on demand', async (t) => {
  const { clock, database, nodes, look, kidIn, row } = createKeyNodes(2);
  const [node, other] = nodes as [(typeof nodes)[0], (typeof nodes)[0]];
  await look();
  const [first, second] = [kidIn('active'), kidIn('next')];
  t.strictSame(await node.rotateKey(operator), { kid: second, rotated: true }, 'the first set has it');
  t.equal(node.keyRing.signer().kid, second, 'here before the answer');
  t.equal(row(first)?.state, 'retiring');
  t.match(database.contents().events.at(-1), { actor: operator, type: 'signing_key_created' });

  t.equal(other.keyRing.signer().kid, first, 'the other node has not looked again');
  t.strictSame(await other.rotateKey(operator), { kid: second, rotated: false }, 'so it wanted what is done');
  t.equal(other.keyRing.signer().kid, second);
  t.equal(database.contents().keys.length, 3);

  const refused = async (waitMs: number) => {
    const refusal = await node.rotateKey(operator).catch((error) => error);
    t.match(refusal, { code: 'next_key_not_ready', retryAfterSeconds: Math.ceil(waitMs / 1000) });
    t.ok(refusal.detail.includes(rfc3339(clock.now() + waitMs)), refusal.detail);
  };
  await refused(lead);
  await clock.advance(lead - 1);
  await look();
  await refused(1);
  t.equal(kidIn('active'), second, 'a refusal changes nothing');
  await clock.advance(1);
  await look();
  const third = kidIn('next');
  const answers = await Promise.all([node.rotateKey(operator), other.rotateKey(operator)]);
  t.strictSame(
    answers.map(({ kid, rotated }) => `${kid} ${rotated}`).sort(),
    [`${third} false`, `${third} true`],
    'two at the same time: one rotation',
  );
  t.strictSame(states(database.contents().keys), ['active', 'next', 'retiring', 'retiring']);
  for (const { ringKeeper } of nodes) await ringKeeper.stop();
});

t.test('a state is left before another key takes it, in whichever order the keys come', async (t) => {
  const { clock, sealing } = createKeyNodes(0);
  const rows = await Promise.all(
    (['next', 'active'] as const).map((state) => aSigningKey(state, sealing, 0)),
  );
  for (const keys of [rows, rows.toReversed()]) {
    const database = createMemoryDatabase(clock.now, keys);
    const node = createKeyNode({ database, clock, sealing });
    await node.ringKeeper.reload();
    t.match(await node.rotateKey(operator), { rotated: true }, inWords(keys));
    await node.ringKeeper.stop();
  }
});

t.test('a rotation whose answer was lost is found done', async (t) => {
  const { database, nodes, look, kidIn } = createKeyNodes(1);
  const [node] = nodes;
  await look();
  const next = kidIn('next');
  const { transaction } = database;
  database.transaction = async (work) => {
    await transaction(work);
    throw new Error('the answer is lost');
  };
  await t.rejects(node.rotateKey(operator), { message: 'the answer is lost' });
  database.transaction = transaction;
  t.strictSame(await node.rotateKey(operator), { kid: next, rotated: false });
  t.equal(database.contents().keys.length, 3);
  await node.ringKeeper.stop();
});

t.test('what is listed: every key, the newest first, and nothing secret', async (t) => {
  const { clock, nodes, look, kidIn } = createKeyNodes(1);
  const [node] = nodes;
  await look();
  const [first, second] = [kidIn('active'), kidIn('next')];
  await clock.advance(1_000);
  await node.rotateKey(operator);
  await node.revokeKey(first, operator);
  const listed = await node.listKeys();
  t.equal(
    inWords(listed),
    inWords([
      { kid: kidIn('next'), state: 'next' },
      ...[
        { kid: second, state: 'active' as const },
        { kid: first, state: 'revoked' as const },
      ],
    ]),
  );
  for (const key of listed) {
    const times = ['createdAt', 'activatedAt', 'retiringAt', 'retiredAt', 'revokedAt'];
    t.strictSame(Object.keys(key).sort(), ['kid', 'state', ...times].sort());
  }
  await node.ringKeeper.stop();
});

t.test('who cannot open the keys that are there adds none, whatever is due', async (t) => {
  for (const what of ['a next key', 'a rotation']) {
    const { clock, database, nodes } = createKeyNodes(1);
    await nodes[0]?.ringKeeper.start();
    await nodes[0]?.ringKeeper.stop();
    const next = database.contents().keys.find(({ state }) => state === 'next');
    if (what === 'a next key' && next !== undefined) {
      await database.signingKeys.save({ ...next, state: 'revoked' });
    }
    await clock.advance(interval + 1);
    const before = database.contents().keys;
    const stranger = createKeyNode({ database, clock, sealing: createSealing(randomBytes(32)) });
    await t.rejects(
      stranger.ringKeeper.start(),
      { name: 'StartupError', message: /KEY_ENCRYPTION_KEY/ },
      what,
    );
    t.strictSame(database.contents().keys, before, 'nothing was written');
    await nodes[0]?.keep();
    t.equal(database.contents().keys.filter(({ state }) => state === 'next').length, 1, 'the others go on');
  }
});
