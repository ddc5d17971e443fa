import { randomBytes } from 'node:crypto';
import t from 'tap';
import { limits } from '../../src/core/limits.ts';
import { createEdge } from '../../src/revocation/edge.ts';
import type { PublicKeys } from '../../src/revocation/feed.ts';
import { createLease } from '../../src/revocation/lease.ts';
import type { ProjectedSlice } from '../../src/revocation/projection.ts';
import { revoked, startOfTest } from '../support/denyListNode.ts';
import { createFeedReader } from '../support/feedReader.ts';
import { createManualClock } from '../support/manualClock.ts';
import { leaseMs } from '../support/nodes.ts';

const {
  edgeBacklogEntries,
  edgeBacklogMessages,
  edgeBehindMilliseconds,
  edgeKeysMilliseconds,
  leaseMarginMilliseconds,
} = limits;

const layer = { capacity: 8, entries: 3, bytes: new Uint8Array(32) };
const slice: ProjectedSlice = { ofSessions: true, endsAt: startOfTest, layers: [layer, layer] };

/** An edge whose snapshot ends at position 7; its node has just taken its lease. */
function setUp({ slices = [slice], keys }: { slices?: ProjectedSlice[]; keys?: PublicKeys } = {}) {
  const clock = createManualClock(startOfTest);
  const nodeLease = createLease({ clock, milliseconds: leaseMs });
  nodeLease.hold(nodeLease.moment());
  const ring = { keys };
  const edge = createEdge({ snapshot: { slices, position: 7 }, nodeLease, keys: () => ring.keys, clock });
  const send = (position: number, entries = 1) =>
    edge.send({
      kind: 'revocations',
      committed: true,
      position,
      revocations: Array.from({ length: entries }, () => revoked(randomBytes(16))),
    });
  return { clock, nodeLease, ring, edge, send, reader: createFeedReader(edge) };
}

/** One that has taken its snapshot, and holds a lease. */
async function withLease() {
  const parts = setUp();
  await parts.reader.all();
  parts.edge.renew(1);
  await parts.reader.all();
  return parts;
}

/** What has become of it: it need not be waited for, it is waited for, or how it was settled. */
function watched(known: Promise<string> | undefined) {
  let state = known === undefined ? 'knows' : 'waiting';
  void known?.then((outcome) => {
    state = outcome;
  });
  return () => state;
}

const refused = { code: 'invalid_request' };

t.test('an edge is sent the snapshot, then what it says is complete, then what is new', async (t) => {
  const { edge, send, reader } = setUp({
    slices: [slice, slice],
    keys: { jwks: 'one', ageMs: 5 },
  });
  t.equal(edge.snapshotEntries, 12, 'so that it can refuse what does not fit');
  send(8);
  edge.renew(1);
  send(9);
  t.strictSame(await reader.words(), [
    ...['slice', 'slice', 'keys one of 5 ms', 'snapshot up to 7'],
    ...['revocations 8', 'lease 1 for 0', 'revocations 9'],
  ]);
});

t.test('whoever must know is told ahead of every later grant', async (t) => {
  const { edge, send, reader } = await withLease();
  send(8);
  edge.renew(2);
  send(9);
  edge.renew(3);
  t.strictSame(await reader.words(), [
    ...['revocations 8', `lease 2 for ${leaseMs}`],
    ...['revocations 9', `lease 3 for ${leaseMs}`],
  ]);
});

t.test('there is no lease before the end of the snapshot was taken', async (t) => {
  const { edge, reader } = setUp();
  edge.renew(1);
  t.match(await reader.one(), { kind: 'slice' });
  edge.renew(2);
  t.match(await reader.one(), { kind: 'snapshot_end' });
  t.equal(edge.holdsLease(), false);
  edge.renew(3);
  t.strictSame(await reader.words(), ['lease 1 for 0', 'lease 2 for 0', `lease 3 for ${leaseMs}`]);
  t.equal(edge.holdsLease(), true);
});

t.test('no lease is longer than what is left of the lease of the node', async (t) => {
  const table: readonly (readonly [string, number, number])[] = [
    ['at once', 0, leaseMs],
    ['later', 1_200, leaseMs - 1_200],
    ['a part of a millisecond is not counted', 0.4, leaseMs - 1],
    ['at its last moment', leaseMs - 1, 1],
    ['when it is over', leaseMs, 0],
    ['long after', 10 * leaseMs, 0],
  ];
  for (const [when, elapsed, granted] of table) {
    const { clock, edge, reader } = setUp();
    await reader.all();
    await clock.advance(elapsed);
    edge.renew(1);
    t.strictSame(await reader.words(), [`lease 1 for ${granted}`], when);
    t.equal(edge.holdsLease(), granted > 0, when);
  }
});

t.test('the wall clock of the node shortens what it grants', async (t) => {
  const { clock, edge, reader } = setUp();
  await reader.all();
  clock.stepWall(2_000);
  edge.renew(1);
  clock.stepWall(-1_000_000);
  t.strictSame(await reader.words(), [`lease 1 for ${leaseMs - 2_000}`]);
});

t.test('a node that gave its lease back grants none, and what was granted goes on', async (t) => {
  const { clock, nodeLease, edge, reader } = await withLease();
  nodeLease.drop();
  edge.renew(2);
  t.strictSame(await reader.words(), ['lease 2 for 0']);
  await clock.advance(leaseMs + leaseMarginMilliseconds - 1);
  t.equal(edge.holdsLease(), true, 'nobody has told the edge to stop');
  await clock.advance(1);
  t.equal(edge.holdsLease(), false);
});

t.test('a grant that is shorter does not end one that is longer', async (t) => {
  const { clock, nodeLease, edge } = await withLease();
  const known = watched(edge.knows(8));
  nodeLease.hold({ monotonic: clock.monotonic() - leaseMs + 10, wall: clock.now() });
  edge.renew(2);
  await clock.advance(leaseMs);
  t.equal(edge.holdsLease(), true);
  await clock.advance(leaseMarginMilliseconds);
  t.strictSame([edge.holdsLease(), known()], [false, 'lease_expired']);
});

t.test('an edge without a lease is not waited for', async (t) => {
  const { clock, edge, send } = setUp();
  send(8);
  t.equal(edge.knows(8), undefined);
  t.equal(clock.timers(), 0);
});

t.test('an edge with a lease is waited for, until one of these', async (t) => {
  const table: readonly (readonly [string, (parts: Awaited<ReturnType<typeof setUp>>) => unknown, string])[] =
    [
      ['nothing happens', () => {}, 'waiting'],
      ['it acknowledges', ({ edge }) => edge.acknowledge(8), 'acknowledged'],
      ['it acknowledges a later position', ({ edge }) => edge.acknowledge(9), 'acknowledged'],
      ['it acknowledges an earlier position', ({ edge }) => edge.acknowledge(7), 'waiting'],
      ['it leaves', ({ edge }) => edge.leave(), 'left'],
      ['its connection is gone: it goes on from memory', ({ edge }) => edge.disconnected(), 'waiting'],
      ['it was cut off, which it may not have noticed', ({ edge }) => edge.end('too_slow'), 'waiting'],
      ['its lease is nearly over', ({ clock }) => clock.advance(leaseMs), 'waiting'],
      [
        'its lease is over, and the margin of the clocks',
        ({ clock }) => clock.advance(leaseMs + leaseMarginMilliseconds),
        'lease_expired',
      ],
      [
        'its lease is over, and it has asked for another one meanwhile',
        async ({ clock, nodeLease, edge }) => {
          await clock.advance(1_000);
          nodeLease.hold(nodeLease.moment());
          edge.renew(2);
          await clock.advance(leaseMs - 1_000 + leaseMarginMilliseconds);
        },
        'lease_expired',
      ],
    ];
  for (const [what, happens, outcome] of table) {
    const parts = await withLease();
    const { clock, edge, send, reader } = parts;
    send(8);
    send(9);
    await reader.all();
    const known = watched(edge.knows(8));
    t.equal(known(), 'waiting');
    await happens(parts);
    await clock.settle();
    t.equal(known(), outcome, what);
    t.equal(clock.timers(), outcome === 'waiting' ? 1 : 0, `${what}: nothing is left behind`);
  }
});

t.test('what it has acknowledged before is not waited for', async (t) => {
  const { edge, send, reader } = await withLease();
  send(8);
  await reader.all();
  edge.acknowledge(8);
  t.equal(edge.knows(8), undefined);
  t.equal(watched(edge.knows(9))(), 'waiting', 'what was not even sent to it is');
});

t.test('a message that does not fit the protocol is refused, and changes nothing', async (t) => {
  const table: readonly (readonly [string, (edge: ReturnType<typeof createEdge>) => void])[] = [
    ['a position that was not sent', (edge) => edge.acknowledge(9)],
    ['a position that still waits to be sent', (edge) => edge.acknowledge(8)],
    ['a position that is none', (edge) => edge.acknowledge(Number.NaN)],
    ['a number again', (edge) => edge.renew(1)],
    ['a number that does not grow', (edge) => edge.renew(0)],
    ['a number that is none', (edge) => edge.renew(Number.NaN)],
    ['a number that cannot be sent back as it came', (edge) => edge.renew(2 ** 53)],
  ];
  for (const [what, message] of table) {
    const { clock, edge, send, reader } = await withLease();
    const known = watched(edge.knows(8));
    send(8);
    t.throws(() => message(edge), refused, what);
    await clock.settle();
    t.equal(known(), 'waiting', `${what}: it settles nothing`);
    t.strictSame(await reader.words(), ['revocations 8'], `${what}: and grants nothing`);
    edge.acknowledge(8);
    edge.renew(2);
    t.strictSame(await reader.words(), [`lease 2 for ${leaseMs}`], `${what}: the next one is taken`);
  }
});

t.test('positions that an edge has acknowledged can be acknowledged again', async (t) => {
  const { edge, send, reader } = await withLease();
  send(8);
  await reader.all();
  for (const position of [8, 8, 7, 1, -1]) edge.acknowledge(position);
  t.equal(edge.knows(8), undefined);
  t.ok(edge.knows(9));
});

t.test('an edge that does not acknowledge gets no further lease', async (t) => {
  const { clock, nodeLease, edge, send, reader } = await withLease();
  send(8);
  await clock.advance(edgeBehindMilliseconds - 1);
  nodeLease.hold(nodeLease.moment());
  edge.renew(2);
  await clock.advance(1);
  edge.renew(3);
  t.strictSame(await reader.words(), ['revocations 8', `lease 2 for ${leaseMs}`, 'lease 3 for 0']);
  await clock.advance(leaseMs + leaseMarginMilliseconds);
  t.equal(edge.knows(8), undefined, 'so it is waited for once');
  edge.acknowledge(8);
  nodeLease.hold(nodeLease.moment());
  edge.renew(4);
  t.strictSame(await reader.words(), [`lease 4 for ${leaseMs}`], 'until it does');
});

t.test('neither does one that acknowledges, but always too late', async (t) => {
  const { clock, nodeLease, edge, send, reader } = await withLease();
  const lateMs = edgeBehindMilliseconds + 1_000;
  const granted: number[] = [];
  let renewal = 1;
  for (let now = 0; now < 10_000; now += 100) {
    send(8 + now / 100);
    await reader.all();
    if (now >= lateMs) edge.acknowledge(8 + (now - lateMs) / 100);
    nodeLease.hold(nodeLease.moment());
    renewal += 1;
    edge.renew(renewal);
    for (const message of await reader.all()) {
      if (message.kind === 'lease' && message.leaseMs > 0) granted.push(now);
    }
    await clock.advance(100);
  }
  t.ok(
    granted.every((at) => at <= edgeBehindMilliseconds),
    `granted at ${granted.at(-1)} ms`,
  );
  t.equal(edge.holdsLease(), false, 'logouts do not wait for it each time');
});

t.test('one that is always a little late keeps its lease', async (t) => {
  const { clock, nodeLease, edge, send, reader } = await withLease();
  const lateMs = edgeBehindMilliseconds - 500;
  for (let now = 0; now < 10_000; now += 100) {
    send(8 + now / 100);
    await reader.all();
    if (now >= lateMs) edge.acknowledge(8 + (now - lateMs) / 100);
    nodeLease.hold(nodeLease.moment());
    edge.renew(2 + now / 100);
    t.match((await reader.all()).at(-1), { kind: 'lease', leaseMs });
    await clock.advance(100);
  }
});

t.test('more than may wait for an edge is too slow', async (t) => {
  const table: readonly (readonly [string, number, number])[] = [
    ['entries', edgeBacklogEntries / 1_000, 1_000],
    ['messages', edgeBacklogMessages - 2, 1],
  ];
  for (const [what, messages, entries] of table) {
    const { edge, send, reader } = setUp();
    for (let sent = 0; sent < messages; sent += 1) send(8 + sent, entries);
    t.equal(edge.ended(), undefined, `${what}: this much is not`);
    send(8 + messages, entries);
    t.equal(edge.ended(), 'too_slow', what);
    t.equal(await reader.one(), undefined, `${what}: the rest is not kept`);
  }
});

t.test('room that was freed is there again', async (t) => {
  const { edge, send, reader } = setUp();
  for (let round = 0; round < 3; round += 1) {
    for (let sent = 0; sent < edgeBacklogEntries / 1_000; sent += 1) send(8 + round * 1_000 + sent, 1_000);
    await reader.all();
  }
  t.equal(edge.ended(), undefined);
});

t.test('a stream that has ended is no way to a lease, nor to anything else', async (t) => {
  const ends = ['too_slow', 'silent', 'started_over', 'reconnect'] as const;
  for (const why of ends) {
    const { clock, nodeLease, edge, send, reader } = await withLease();
    edge.end(why);
    send(8);
    await clock.advance(1_000);
    nodeLease.hold(nodeLease.moment());
    edge.renew(2);
    edge.askToReconnect('draining', 1_000);
    t.strictSame(await reader.words(), [], why);
    await clock.advance(leaseMs - 1_000 + leaseMarginMilliseconds);
    t.equal(edge.holdsLease(), false, `${why}: what the edge was not granted is not waited for`);
    edge.end('disconnected');
    t.equal(edge.ended(), why, 'the first reason stays');
  }
});

t.test('keys are sent when they change, and again before the edge would take them for old', async (t) => {
  const { clock, ring, edge, reader } = setUp({ keys: { jwks: 'one', ageMs: 0 } });
  await reader.all();
  let renewal = 0;
  const renewed = async (keys: PublicKeys | undefined, afterMs: number) => {
    ring.keys = keys;
    await clock.advance(afterMs);
    renewal += 1;
    edge.renew(renewal);
    return (await reader.words()).filter((words) => words.startsWith('keys'));
  };
  t.strictSame(await renewed({ jwks: 'one', ageMs: 3 }, edgeKeysMilliseconds - 1), []);
  t.strictSame(await renewed({ jwks: 'one', ageMs: 4 }, 1), ['keys one of 4 ms']);
  t.strictSame(await renewed({ jwks: 'two', ageMs: 5 }, 1), ['keys two of 5 ms']);
  t.strictSame(await renewed(undefined, edgeKeysMilliseconds), [], 'those of a ring that is too old are not');
  t.strictSame(await renewed({ jwks: 'two', ageMs: 6 }, 0), ['keys two of 6 ms']);
});

t.test('when it was heard last', async (t) => {
  const { clock, edge, send, reader } = await withLease();
  await clock.advance(100);
  send(8);
  await reader.all();
  t.equal(edge.heardAt(), 0, 'what it is sent says nothing');
  edge.acknowledge(8);
  t.equal(edge.heardAt(), 100);
  await clock.advance(100);
  edge.renew(2);
  t.equal(edge.heardAt(), 200);
});

t.test('whoever waits for a message when the stream ends is told', async (t) => {
  const { edge, reader } = await withLease();
  const next = edge.next();
  edge.disconnected();
  t.equal(await next, undefined);
  t.equal(await reader.one(), undefined);
});
