/**
 * A Redis that lies. Somebody who reads all of it and writes what he likes, but has no key, against real nodes over a real
 * PostgreSQL: no logout is answered too early, no start forgets a revocation, and nobody is refused who is logged in.
 */
import { createHash, randomBytes, randomUUID } from 'node:crypto';
import { Redis } from 'ioredis';
import t, { type Test } from 'tap';
import { createAuthenticText } from '../../../src/platform/authenticText.ts';
import { createKeys } from '../../../src/storage/redis/keys.ts';
import { eventually } from '../../support/eventually.ts';
import { type RedisServer, startRedis } from '../../support/redis.ts';
import { liveRevocations, openSharedDatabase } from '../../support/sharedDatabase.ts';
import { type SharedNode, startSharedNode } from '../../support/sharedNode.ts';
import { startTcpProxy } from '../../support/tcpProxy.ts';

interface Message {
  readonly channel: string;
  readonly payload: Buffer;
}

/** Hears all that is said, and says what he likes. */
async function startLiar(t: Test, { port }: RedisServer) {
  const [listening, speaking] = [new Redis(port), new Redis(port)];
  t.teardown(() => {
    listening.disconnect();
    speaking.disconnect();
  });
  const heard: Message[] = [];
  listening.on('pmessageBuffer', (_: unknown, channel: Buffer, payload: Buffer) =>
    heard.push({ channel: channel.toString(), payload }),
  );
  await listening.psubscribe('countersign:*');
  return {
    heard,
    redis: speaking,
    publish: (to: string, text: string | Buffer) => speaking.publish(to, text),
  };
}

async function setUp(t: Test) {
  const [server, shared] = [await startRedis(), await openSharedDatabase(t)];
  t.teardown(() => server.stop());
  const deployment = randomUUID();
  const start = (redisUrl = server.url) => startSharedNode(t, { shared, redisUrl, deployment });
  return { server, shared, start, liar: await startLiar(t, server), keys: createKeys(deployment) };
}

const one = (count = 1) => liveRevocations(count);
const outcomeOf = (
  { nodes }: { readonly nodes: readonly { id: string; outcome: string }[] },
  node: SharedNode,
) => nodes.find(({ id }) => id === node.id)?.outcome;

t.test(
  'forged and repeated acknowledgements: no logout is answered before the other node knows',
  async (t) => {
    const { server, start, liar, keys } = await setUp(t);
    const line = await startTcpProxy(server.port);
    t.teardown(() => line.close());
    const near = await start();
    const far = await start(`redis://127.0.0.1:${line.port}`);
    await near.revoke(one());
    const genuine = liar.heard.filter(({ channel }) => channel === keys.acknowledgements(near.id));
    t.ok(genuine.length > 0, 'what is said can be heard');
    const { history } = JSON.parse(String(genuine[0]?.payload.subarray(43)));
    line.cut('silent');

    const strangers = createAuthenticText([randomBytes(32)], 'redis');
    let over = false;
    let number = 1;
    let said = 0;
    const own = keys.acknowledgements(near.id);
    const lie = async () => {
      while (!over) {
        for (const claimed of [number, number + 1, number + 2]) {
          const head = { type: 'acknowledgement', to: near.id, from: far.id, number: claimed, history };
          const text = JSON.stringify({ ...head, sequence: 1_000_000 + said });
          const code = String(genuine[0]?.payload.subarray(0, 43));
          const elsewhere = createKeys(randomUUID()).acknowledgements(near.id);
          for (const payload of [
            text,
            code + text,
            strangers.write(text, own),
            strangers.write(text, elsewhere),
          ])
            await liar.publish(own, payload);
          said += 4;
        }
        for (const { payload } of genuine) {
          await liar.publish(own, payload);
          await liar.publish(own, payload.subarray(0, -1));
          await liar.publish(keys.announcements, payload);
          said += 3;
        }
      }
    };
    const lying = lie();
    const early: string[] = [];
    const logouts = 8;
    for (let logout = 0; logout < logouts; logout += 1) {
      number += 1;
      const [revocation] = one() as [ReturnType<typeof one>[number]];
      const report = await near.revoke([revocation]);
      const says = await far.says(revocation.subject);
      if (says.startsWith('not')) early.push(`logout ${logout}: ${says}`);
      t.match(
        outcomeOf(report, far),
        /^(read|lease_expired)$/,
        'and not because it was said to have acknowledged',
      );
    }
    over = true;
    await lying;
    t.strictSame(early, [], `0 of ${logouts} were answered too early`);
    await eventually('each was counted', () => near.dropped.length >= said - genuine.length);
    t.strictSame(new Set(near.dropped), new Set(['unverified', 'repeated']));
    t.ok(said > 100, `${said} lies`);
    t.comment(`${said} lies, ${near.dropped.length} dropped`);
  },
);

t.test('forged, changed and repeated announcements: nobody is refused who is logged in', async (t) => {
  const { start, liar, keys } = await setUp(t);
  const [near, far] = [await start(), await start()];
  const [loggedOut, live] = [one(20), one(50)];
  await near.revoke(loggedOut);
  const genuine = liar.heard.find(({ channel }) => channel === keys.announcements)?.payload as Buffer;
  const message = JSON.parse(String(genuine.subarray(43)));
  const rows = live.map(({ subject }) => ({
    subject: Buffer.from(subject).toString('base64'),
    reason: 'logout',
    expires_at: Date.now() + 900_000,
  }));
  const strangers = createAuthenticText([randomBytes(32)], 'redis');
  const code = String(genuine.subarray(0, 43));
  const before = [far.dropped.length, far.reads(), performance.now()] as const;
  let said = 0;
  for (let round = 0; round < 100; round += 1) {
    const head = { ...message, from: near.id, sequence: 1_000 + round, number: 1_000 + round };
    const forged = JSON.stringify({ ...head, revocations: rows });
    const { revocations: _, ...hint } = head;
    const lies = [
      ...[forged, code + forged, strangers.write(forged, keys.announcements), forged.slice(0, -1)],
      ...[JSON.stringify(hint), code + JSON.stringify(hint), genuine, genuine.subarray(0, 60), 'x'],
    ];
    for (const payload of lies) await liar.publish(keys.announcements, payload);
    said += lies.length;
  }
  await eventually('each was counted', () => far.dropped.length - before[0] >= said);
  t.equal(far.dropped.length - before[0], said);
  const seconds = (performance.now() - before[2]) / 1_000;
  const reads = far.reads() - before[1];
  t.ok(reads <= 2 + 4 * seconds, `${said} lies, ${reads} reads of PostgreSQL in ${seconds.toFixed(1)} s`);
  for (const node of [near, far]) {
    for (const { subject } of live) t.equal(await node.says(subject), 'not revoked by bloom');
    for (const { subject } of loggedOut) t.match(await node.says(subject), /^revoked/);
  }
  const report = await near.revoke(one());
  t.equal(outcomeOf(report, far), 'acknowledged', 'and what is genuine is heard at once');
});

t.test(
  'saved memory that was forged, zeroed, exchanged or put back: a node that starts forgets nothing',
  async (t) => {
    const { start, liar, keys } = await setUp(t);
    const first = await start();
    const saved = async () => (await liar.redis.get(keys.memory)) ?? false;
    const dump = async () => {
      const manifest = (await saved()) as string;
      const { id, pieces } = JSON.parse(manifest.slice(43));
      const names = pieces.map((_: string, number: number) => keys.memoryPiece(id, number));
      return {
        manifest,
        id,
        pieces: await Promise.all(names.map((name: string) => liar.redis.getBuffer(name))),
        names,
      };
    };
    await eventually('it is saved', saved);
    const empty = await dump();
    const loggedOut = one(200);
    await first.revoke(loggedOut);

    const put = async ({ manifest, names, pieces }: Awaited<ReturnType<typeof dump>>) => {
      for (const [number, name] of names.entries()) await liar.redis.set(name, pieces[number]);
      await liar.redis.set(keys.memory, manifest);
    };
    /** A node that starts now: where it has its memory from, and what it says. */
    const restart = async (what: string, from: string, refused: readonly string[]) => {
      const node = await start();
      t.strictSame(node.loads, [from], `${what}: from where`);
      t.strictSame(node.refused.slice(0, 1), refused, `${what}: counted`);
      const accepted: string[] = [];
      for (const { subject } of loggedOut) {
        const says = await node.says(subject);
        if (!says.startsWith('revoked')) accepted.push(says);
      }
      t.strictSame(accepted, [], `${what}: 0 of ${loggedOut.length} accepted`);
      for (const { subject } of one(50)) t.equal(await node.says(subject), 'not revoked by bloom', what);
      await node.stop();
    };

    await restart('genuine, but from before the logouts', 'redis', []);
    await put(empty);
    await restart('an old one put back', 'redis', []);

    const second = await start();
    await liar.redis.del(keys.memory);
    await eventually('it is saved anew', saved, 10_000);
    await second.stop();
    const full = await dump();
    const json = JSON.parse(full.manifest.slice(43));
    const forge = (change: object) => full.manifest.slice(0, 43) + JSON.stringify({ ...json, ...change });
    const hashOf = (text: string) => createHash('sha256').update(text).digest('base64url');
    await liar.redis.set(keys.memoryPiece('forged', 0), '[]');
    const strangers = createAuthenticText([randomBytes(32)], 'redis');
    const later = json.snapshot.replaceAll(/\d+/g, (digits: string) => String(Number(digits) + 1_000));
    const forgeries: [what: string, manifest: string][] = [
      ['nothing in it', forge({ id: 'forged', slices: [], pieces: [hashOf('[]')], marks_bytes: 2 })],
      ['a later position', forge({ snapshot: later })],
      [
        'an old one with a later position',
        empty.manifest.slice(0, 43) +
          JSON.stringify({ ...JSON.parse(empty.manifest.slice(43)), snapshot: later }),
      ],
      ['of a stranger', strangers.write(JSON.stringify({ ...json, slices: [] }), keys.memory)],
      ['cut short', full.manifest.slice(0, -3)],
    ];
    for (const [what, manifest] of forgeries) {
      await liar.redis.set(keys.memory, manifest);
      await restart(what, 'postgres', ['unverified']);
    }
    await put({ ...full, pieces: full.pieces.map((piece) => Buffer.alloc((piece as Buffer).length)) });
    await restart('zeros', 'postgres', ['incomplete']);
    await put({ ...full, manifest: full.manifest, pieces: full.pieces.map(() => empty.pieces[0]) });
    await restart('the bytes of an old one', 'postgres', ['incomplete']);
    await liar.redis.del(...full.names);
    await restart('no bytes', 'postgres', ['incomplete']);
    await liar.redis.flushall();
    await restart('nothing', 'postgres', []);
    await put(full);
    await restart('as it was', 'redis', []);
  },
);

t.test('ids planted in the sets refuse nobody, but one in ten thousand by chance', async (t) => {
  const { start, liar, keys } = await setUp(t);
  const node = await start();
  await node.revoke(one(10));
  const live = one(200);
  const sets = (await liar.redis.hkeys(keys.manifest)).filter((field) => field.includes(':')).map(keys.set);
  t.ok(sets.length > 0);
  for (const set of sets) await liar.redis.sadd(set, ...live.map(({ subject }) => Buffer.from(subject)));
  const refused: string[] = [];
  for (const { subject } of live) {
    const says = await node.says(subject);
    if (says.startsWith('revoked')) refused.push(says);
  }
  t.ok(refused.length <= 1, `${refused.length} of ${live.length}`);
});
