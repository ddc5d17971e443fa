/**
 * The bus between nodes on a real server, and everything that may arrive on it. All of it as the user that
 * docs/redis.md gives the authority.
 */
import { randomBytes, randomUUID } from 'node:crypto';
import t, { type Test } from 'tap';
import { type AuthenticText, createAuthenticText } from '../../../src/platform/authenticText.ts';
import type { Acknowledgement, Announcement, DroppedFor } from '../../../src/revocation/propagation/bus.ts';
import { createBus, type RedisBus } from '../../../src/storage/redis/bus.ts';
import type { RedisConnection } from '../../../src/storage/redis/connection.ts';
import { createKeys } from '../../../src/storage/redis/keys.ts';
import { redisLimits } from '../../../src/storage/redis/limits.ts';
import { startCuttableLine } from '../../support/cuttableLine.ts';
import { eventually } from '../../support/eventually.ts';
import { startCluster, startRedis } from '../../support/redis.ts';
import { startAsAuthority, urlAs } from '../../support/redisUsers.ts';
import { authentic, history, openTestRedis, someRevocations } from '../../support/sharedCopy.ts';

const keys = createKeys(randomUUID());

interface Node {
  readonly id: string;
  readonly bus: RedisBus;
  readonly announcements: Announcement[];
  readonly acknowledgements: Acknowledgement[];
  readonly dropped: DroppedFor[];
  readonly faults: Error[];
}

async function startNode(
  t: Test,
  redis: RedisConnection,
  id: string = randomUUID(),
  by = authentic,
): Promise<Node> {
  const [announcements, acknowledgements, faults] = [[], [], []] as [
    Announcement[],
    Acknowledgement[],
    Error[],
  ];
  const listener = {
    onAnnouncement: (announcement: Announcement) => void announcements.push(announcement),
    onAcknowledgement: (acknowledgement: Acknowledgement) => void acknowledgements.push(acknowledgement),
  };
  const dropped: DroppedFor[] = [];
  const bus = createBus({
    ...{ redis, keys, authentic: by, nodeId: id, listener },
    onDropped: (why) => dropped.push(why),
    onFault: (error) => faults.push(error),
  });
  t.teardown(bus.close);
  await eventually('it listens', bus.listening);
  return { id, bus, announcements, acknowledgements, dropped, faults };
}

/** Whether what one node announces now arrives at the other one. */
async function hears(to: Node, from: Node): Promise<boolean> {
  const number = Math.floor(Math.random() * 1e9);
  await from.bus.announce({ from: from.id, number, history, revocations: [] });
  return eventually('it arrives', () => to.announcements.some((one) => one.number === number), 1_000).catch(
    () => false,
  );
}

for (const [name, start] of Object.entries({ 'one server': startRedis, 'a Cluster': startCluster })) {
  t.test(`${name}: announcements reach all others, acknowledgements the one that they are for`, async (t) => {
    const server = await startAsAuthority(start);
    t.teardown(() => server.stop());
    const nodes = await Promise.all(
      [1, 2, 3].map(async () => startNode(t, await openTestRedis(t, server.url))),
    );
    const [one, two, three] = nodes as [Node, Node, Node];
    const revocations = [...someRevocations(2), ...someRevocations(1, { bytes: 27 })];
    const announcement = { from: one.id, number: 7, history, revocations };
    await one.bus.announce(announcement);
    two.bus.acknowledge({ from: two.id, to: one.id, number: 7, history });
    three.bus.acknowledge({ from: three.id, to: one.id, number: 7, history });
    await eventually('both acknowledgements arrive', () => one.acknowledgements.length === 2);
    await eventually(
      'both hear it',
      () => two.announcements.length === 1 && three.announcements.length === 1,
    );
    t.strictSame(two.announcements, [announcement]);
    t.strictSame(one.announcements, [], 'a node does not hear itself');
    t.strictSame(
      new Set(one.acknowledgements.map(({ from, number }) => `${from} ${number}`)),
      new Set([`${two.id} 7`, `${three.id} 7`]),
    );
    t.strictSame([...two.acknowledgements, ...three.acknowledgements], []);
    t.strictSame(
      nodes.flatMap(({ faults }) => faults),
      [],
    );
  });
}

t.test('what is said is what is heard, however much it is', async (t) => {
  const server = await startAsAuthority(startRedis);
  t.teardown(() => server.stop());
  const redis = await openTestRedis(t, server.url);
  const [one, two] = [await startNode(t, redis), await startNode(t, redis)];
  const said = { from: one.id, number: 0, history };
  const table: [what: string, Announcement, Announcement][] = [
    ['none', { ...said, revocations: [] }, { ...said, revocations: [] }],
    ['a hint', { ...said, revocations: undefined }, { ...said, revocations: undefined }],
    ['too many', { ...said, revocations: someRevocations(900) }, { ...said, revocations: undefined }],
    ['far too many', { ...said, revocations: someRevocations(100_000) }, { ...said, revocations: undefined }],
  ];
  for (const [what, announcement, expected] of table) {
    await one.bus.announce(announcement);
    t.strictSame(await eventually(what, () => two.announcements.shift()), expected, what);
  }
  t.strictSame(two.dropped, []);
});

/** What of this text arrives as, when a node of the deployment had written it. */
const written = (text: unknown, channel = keys.announcements, by = authentic) =>
  by.write(typeof text === 'string' ? text : JSON.stringify(text), channel);

t.test('what no node wrote is not even read: it is counted, and reported once', async (t) => {
  const server = await startAsAuthority(startRedis);
  t.teardown(() => server.stop());
  const redis = await openTestRedis(t, server.url);
  const [one, two] = [await startNode(t, redis), await startNode(t, redis)];
  const good = { type: 'announcement', from: two.id, sequence: 1, number: 1, history };
  const genuine = written(good);
  const own = keys.acknowledgements(one.id);
  const acknowledgement = {
    type: 'acknowledgement',
    to: one.id,
    sequence: 2,
    number: 1,
    from: two.id,
    history,
  };
  const flipped = Buffer.from(genuine);
  flipped[60] = (flipped[60] as number) ^ 1;
  const strangers = createAuthenticText([randomBytes(32)], 'redis');
  const otherDeployment = createKeys(randomUUID());
  const forged: (readonly [what: string, channel: string, payload: string | Buffer])[] = [
    ...['', 'x', '{', 'null', '\0', '\ufeff{}'].map((text) => ['garbage', keys.announcements, text] as const),
    ['no UTF-8', keys.announcements, Buffer.concat([Buffer.from(genuine.slice(0, 43)), Buffer.from([0xff])])],
    ['random bytes', keys.announcements, randomBytes(1_000)],
    ['without a code', keys.announcements, JSON.stringify(good)],
    ['with a code of zeros', keys.announcements, 'A'.repeat(43) + JSON.stringify(good)],
    [
      'with the code of another text',
      keys.announcements,
      genuine.slice(0, 43) + JSON.stringify({ ...good, number: 2 }),
    ],
    ['with a bit flipped', keys.announcements, flipped],
    ['cut short', keys.announcements, genuine.slice(0, -1)],
    ['longer', keys.announcements, `${genuine} `],
    ['too long', keys.announcements, written(JSON.stringify(good).padEnd(redisLimits.busMessageBytes))],
    ['by the key of a stranger', keys.announcements, written(good, keys.announcements, strangers)],
    ['of another deployment', keys.announcements, written(good, otherDeployment.announcements)],
    ['an announcement as an acknowledgement', own, genuine],
    ['an acknowledgement without a code', own, JSON.stringify(acknowledgement)],
    ['of another deployment', own, written(acknowledgement, otherDeployment.acknowledgements(one.id))],
    ['for another node', own, written({ ...acknowledgement, to: two.id }, keys.acknowledgements(two.id))],
    ['an acknowledgement as an announcement', keys.announcements, written(acknowledgement, own)],
  ];
  for (const [what, channel, payload] of forged) {
    const before = one.dropped.length;
    await server.command('PUBLISH', channel, payload);
    await eventually(what, () => one.dropped.length === before + 1);
  }
  t.strictSame(new Set(one.dropped), new Set(['unverified']));
  t.equal(one.dropped.length, forged.length);
  t.match(one.faults, [{ message: /was dropped \(unverified\)/ }]);
  t.equal(one.faults.length, 1);
  t.strictSame(
    [one.announcements, one.acknowledgements],
    [[], []],
    'and nothing of it was taken for a message',
  );
  t.ok(await hears(one, two), 'what comes after it is heard');
});

t.test('what a node of another version wrote is not taken for what it is not', async (t) => {
  const server = await startAsAuthority(startRedis);
  t.teardown(() => server.stop());
  const one = await startNode(t, await openTestRedis(t, server.url));
  const good = { type: 'announcement', from: 'two', sequence: 1, number: 1, history };
  const row = { subject: randomBytes(16).toString('base64'), reason: 'logout', expires_at: 1 };
  const withRow = (change: object) => ({ ...good, revocations: [{ ...row, ...change }] });
  const strange: unknown[] = [
    ...['', 'x', '{', 'null', '[]', '"announcement"', '1', '{}', '{"__proto__":{}}', '\ufeff{}'],
    ...[
      { ...good, type: 'other' },
      { ...good, type: 'acknowledgement' },
      { ...good, more: 1 },
    ],
    ...['from', 'number', 'sequence', 'history', 'type'].map((name) => ({ ...good, [name]: undefined })),
    ...['', 'a b', 'a\n', 'x'.repeat(65), 1, null, {}].map((from) => ({ ...good, from })),
    ...[-1, 1.5, '1', null, 2 ** 53].flatMap((number) => [
      { ...good, number },
      { ...good, sequence: number },
    ]),
    ...[null, {}, 'x', [null], [[]], [{}], [row, 1]].map((revocations) => ({ ...good, revocations })),
    ...['', '!', 'AAAA', `${row.subject} `, row.subject.slice(0, -2), 16, null].map((subject) =>
      withRow({ subject }),
    ),
    ...['', 'Logout', 'a b', 'x'.repeat(65), 1, null].map((reason) => withRow({ reason })),
    ...['1', -1, 1.5, null].map((expires_at) => withRow({ expires_at })),
    withRow({ more: 1 }),
  ];
  const own = keys.acknowledgements(one.id);
  const acknowledgement = {
    type: 'acknowledgement',
    to: one.id,
    sequence: 1,
    number: 1,
    from: 'two',
    history,
  };
  const foreign = [
    good,
    { ...acknowledgement, number: '1' },
    { ...acknowledgement, x: 1 },
    { ...acknowledgement, to: 1 },
  ];
  for (const text of strange) await server.command('PUBLISH', keys.announcements, written(text));
  for (const text of foreign) await server.command('PUBLISH', own, written(text, own));
  const all = strange.length + foreign.length;
  await eventually('all arrived', () => one.dropped.length === all);
  t.strictSame(new Set(one.dropped), new Set(['malformed']));
  t.strictSame([one.announcements, one.acknowledgements], [[], []]);
});

t.test('each message counts once, and one that comes far too late does not', async (t) => {
  const server = await startAsAuthority(startRedis);
  t.teardown(() => server.stop());
  const one = await startNode(t, await openTestRedis(t, server.url));
  const say = (sequence: number, from = 'two') =>
    server.command(
      'PUBLISH',
      keys.announcements,
      written({ type: 'announcement', from, sequence, number: sequence, history }),
    );
  const { busWindowMessages } = redisLimits;
  const far = 10 * busWindowMessages;
  const said: [sequence: number, from: string, heard: boolean][] = [
    [2, 'two', true],
    [2, 'two', false],
    [1, 'two', true],
    [1, 'two', false],
    [2, 'three', true],
    [far, 'two', true],
    [far - busWindowMessages, 'two', false],
    [far - busWindowMessages + 1, 'two', true],
    [3, 'two', false],
    [far, 'two', false],
    [3, 'three', true],
  ];
  for (const [sequence, from, heard] of said) {
    const before = [one.announcements.length, one.dropped.length];
    await say(sequence, from);
    await eventually(
      'it arrived',
      () => one.announcements.length + one.dropped.length > (before[0] ?? 0) + (before[1] ?? 0),
    );
    t.equal(one.announcements.length > (before[0] ?? 0), heard, `${from} ${sequence}`);
  }
  t.strictSame(new Set(one.dropped), new Set(['repeated']));
});

t.test('while KEY_ENCRYPTION_KEY is changed, in the documented order, nodes hear each other', async (t) => {
  const server = await startAsAuthority(startRedis);
  t.teardown(() => server.stop());
  const redis = await openTestRedis(t, server.url);
  const [old, next] = [randomBytes(32), randomBytes(32)];
  const withKeys = (...ring: readonly Buffer[]) => createAuthenticText(ring, 'redis');
  const pairs: [what: string, one: AuthenticText, other: AuthenticText, heard: boolean][] = [
    ['step 1 under way', withKeys(old), withKeys(old, next), true],
    ['step 2 under way', withKeys(old, next), withKeys(next, old), true],
    ['step 4 under way', withKeys(next, old), withKeys(next), true],
    ['steps left out', withKeys(old), withKeys(next), false],
  ];
  for (const [what, first, second, heard] of pairs) {
    const nodes = [await startNode(t, redis, undefined, first), await startNode(t, redis, undefined, second)];
    const [one, two] = nodes as [Node, Node];
    t.strictSame([await hears(one, two), await hears(two, one)], [heard, heard], what);
    one.bus.close();
    two.bus.close();
  }
});

t.test(
  'it subscribes again: after a restart, after being thrown out, and on a line that went dead',
  async (t) => {
    const server = await startAsAuthority(startRedis);
    const line = await startCuttableLine(server.port);
    t.teardown(() => Promise.all([line.stop(), server.stop()]));
    const near = await startNode(t, await openTestRedis(t, server.url));
    const far = await startNode(
      t,
      await openTestRedis(t, urlAs('countersign-authority', { url: `redis://127.0.0.1:${line.port}` })),
    );
    t.ok(await hears(far, near));

    await server.command('CLIENT', 'KILL', 'TYPE', 'pubsub');
    t.ok(await eventually('thrown out', () => near.faults.length === 1 && far.faults.length === 1));
    const bothHear = async () => (await hears(far, near)) && hears(near, far);
    t.ok(await eventually('both hear again', bothHear, 20_000));

    line.cut();
    const farIsBack = async () => far.bus.listening() && far.faults.length === 2 && (await bothHear());
    t.ok(await eventually('the dead line is noticed, and a new one made', farIsBack, 30_000));
    t.match(far.faults[1], { message: /not subscribed/ });

    await server.stop();
    await eventually('the loss is noticed', () => !near.bus.listening() && !far.bus.listening());
    const announcement = { from: near.id, number: 1, history, revocations: [] };
    const before = performance.now();
    await t.rejects(near.bus.announce(announcement), { message: 'Redis: not available' });
    near.bus.acknowledge({ from: near.id, to: far.id, number: 1, history });
    t.ok(performance.now() - before < redisLimits.redisCommandMilliseconds / 2, 'nobody waits');

    const next = await startAsAuthority(() => startRedis({ port: server.port }));
    t.teardown(() => next.stop());
    t.ok(await eventually('both hear the new server', bothHear, 20_000));
    t.equal(near.faults.length, 2, 'told once for each time');
  },
);
