/**
 * The bus between nodes on a real server, and everything that may arrive on it. All of it as the user that
 * docs/redis.md gives the authority.
 */
import { randomBytes, randomUUID } from 'node:crypto';
import t, { type Test } from 'tap';
import { limits } from '../../src/core/limits.ts';
import type { Acknowledgement, Announcement } from '../../src/revocation/bus.ts';
import { createBus, type RedisBus } from '../../src/storage/redis/bus.ts';
import type { RedisConnection } from '../../src/storage/redis/connection.ts';
import { createKeys } from '../../src/storage/redis/keys.ts';
import { startCuttableLine } from '../support/cuttableLine.ts';
import { eventually } from '../support/eventually.ts';
import { startCluster, startRedis } from '../support/redis.ts';
import { startAsAuthority, urlAs } from '../support/redisUsers.ts';
import { openTestRedis, someRevocations } from '../support/sharedCopy.ts';

const keys = createKeys(randomUUID());

interface Node {
  readonly id: string;
  readonly bus: RedisBus;
  readonly announcements: Announcement[];
  readonly acknowledgements: Acknowledgement[];
  readonly faults: Error[];
}

async function startNode(t: Test, redis: RedisConnection, id = randomUUID()): Promise<Node> {
  const [announcements, acknowledgements, faults] = [[], [], []] as [
    Announcement[],
    Acknowledgement[],
    Error[],
  ];
  const listener = {
    onAnnouncement: (announcement: Announcement) => void announcements.push(announcement),
    onAcknowledgement: (acknowledgement: Acknowledgement) => void acknowledgements.push(acknowledgement),
  };
  const bus = createBus({ redis, keys, nodeId: id, listener, onFault: (error) => faults.push(error) });
  t.teardown(bus.close);
  await eventually('it listens', bus.listening);
  return { id, bus, announcements, acknowledgements, faults };
}

/** Whether what one node announces now arrives at the other one. */
async function hears(to: Node, from: Node): Promise<boolean> {
  const number = Math.floor(Math.random() * 1e9);
  await from.bus.announce({ from: from.id, number, revocations: [] });
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
    const announcement = { from: one.id, number: 7, revocations };
    await one.bus.announce(announcement);
    two.bus.acknowledge({ from: two.id, to: one.id, number: 7 });
    three.bus.acknowledge({ from: three.id, to: one.id, number: 7 });
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
  const said = { from: one.id, number: 0 };
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
  t.equal(two.bus.dropped(), 0);
});

t.test('whatever else arrives is dropped, counted, and reported once', async (t) => {
  const server = await startAsAuthority(startRedis);
  t.teardown(() => server.stop());
  const redis = await openTestRedis(t, server.url);
  const [one, two] = [await startNode(t, redis), await startNode(t, redis)];
  const good = { type: 'announcement', from: two.id, number: 1 };
  const row = { subject: randomBytes(16).toString('base64'), reason: 'logout', expires_at: 1 };
  const withRow = (change: object) => ({ ...good, revocations: [{ ...row, ...change }] });
  const garbage: unknown[] = [
    ...['', 'x', '{', 'null', '[]', '"announcement"', '1', '{}', '\0', '{"__proto__":{}}', '\ufeff{}'],
    ...[
      Buffer.from([0xff, 0xfe]),
      JSON.stringify(good).padEnd(limits.busMessageBytes + 1),
      randomBytes(1_000),
    ],
    ...[
      { ...good, type: 'other' },
      { ...good, type: 'acknowledgement' },
      { ...good, more: 1 },
    ],
    ...['from', 'number', 'type'].map((name) => ({ ...good, [name]: undefined })),
    ...['', 'a b', 'a\n', 'x'.repeat(65), 1, null, {}].map((from) => ({ ...good, from })),
    ...[-1, 1.5, '1', null, 2 ** 53].map((number) => ({ ...good, number })),
    ...[null, {}, 'x', [null], [[]], [{}], [row, 1]].map((revocations) => ({ ...good, revocations })),
    ...['', '!', 'AAAA', `${row.subject} `, row.subject.slice(0, -2), 16, null].map((subject) =>
      withRow({ subject }),
    ),
    ...['', 'Logout', 'a b', 'x'.repeat(65), 1, null].map((reason) => withRow({ reason })),
    ...['1', -1, 1.5, null].map((expires_at) => withRow({ expires_at })),
    withRow({ more: 1 }),
  ];
  for (const message of garbage) {
    const payload =
      typeof message === 'string' || Buffer.isBuffer(message) ? message : JSON.stringify(message);
    await server.command('PUBLISH', keys.announcements, payload);
  }
  const own = keys.acknowledgements(one.id);
  const acknowledgement = { type: 'acknowledgement', to: one.id, number: 1, from: two.id };
  const foreign = [
    good,
    { ...acknowledgement, to: two.id },
    { ...acknowledgement, number: '1' },
    { ...acknowledgement, x: 1 },
  ];
  for (const message of foreign) await server.command('PUBLISH', own, JSON.stringify(message));

  t.ok(await hears(one, two), 'what comes after it is heard');
  t.equal(one.bus.dropped(), garbage.length + foreign.length);
  t.equal(two.bus.dropped(), garbage.length);
  t.match(one.faults, [{ message: /not one of ours/ }]);
  t.equal(one.faults.length, 1);
  t.equal(one.announcements.length, 1, 'and nothing of it was taken for a message');
  t.strictSame(one.acknowledgements, []);
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
    const announcement = { from: near.id, number: 1, revocations: [] };
    const before = performance.now();
    await t.rejects(near.bus.announce(announcement), { message: 'Redis: not available' });
    near.bus.acknowledge({ from: near.id, to: far.id, number: 1 });
    t.ok(performance.now() - before < limits.redisCommandMilliseconds / 2, 'nobody waits');

    const next = await startAsAuthority(() => startRedis({ port: server.port }));
    t.teardown(() => next.stop());
    t.ok(await eventually('both hear the new server', bothHear, 20_000));
    t.equal(near.faults.length, 2, 'told once for each time');
  },
);
