/** The format of the chain: what docs/audit.md shows is so, and no two contents have one encoding. */
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { array, assert as check, integer, option, property, string, uuid } from 'fast-check';
import t from 'tap';
import { type AuditDetail, auditEventTypes, detailText } from '../../src/audit/auditEvent.ts';
import {
  beginning,
  type ChainedEvent,
  EventsHash,
  encodeFields,
  hex,
  isAfter,
  judgeEvents,
  judgeLink,
  sealEvents,
  sealHash,
} from '../../src/audit/chain.ts';
import { auditLimits } from '../../src/audit/limits.ts';
import { inCheckout } from '../support/checkout.ts';

const page = readFileSync(inCheckout('docs/audit.md'), 'utf8');

const example: ChainedEvent = {
  id: '019b76da-a800-7000-8000-000000000001',
  origin: '42',
  xid: '800',
  occurredAt: '1767225600000',
  type: 'session_ended',
  actor: 'operator',
  userId: '019b76da-a800-7000-8000-000000000002',
  sessionId: '019b76da-a800-7000-8000-000000000003',
  reason: 'revoked',
  requestId: null,
  ip: null,
  detail: '{"a":"ü"}',
};

t.test('docs/audit.md: the example of the format', (t) => {
  const seal = sealEvents(undefined, beginning, [example], 1_767_225_610_000);
  for (const [what, value] of [
    ['events_hash', hex(seal.eventsHash)],
    ['hash', hex(seal.hash)],
  ] as const) {
    t.match(page, new RegExp(`\\b${what}\`?:? +\`?${value}`), `${what} ${value}`);
  }
  // Written out by hand, once.
  const text = (value: string) => {
    const bytes = Buffer.from(value);
    return Buffer.concat([Buffer.from([0, 0, 0, bytes.length]), bytes]);
  };
  const none = Buffer.from('ffffffff', 'hex');
  const { id, origin, xid, occurredAt, type, actor } = example;
  const before = [id, origin, xid, occurredAt, type, actor, example.userId, example.sessionId, 'revoked'];
  const bytes = Buffer.concat([...before.map((value) => text(value ?? '')), none, none, text('{"a":"ü"}')]);
  t.equal(createHash('sha256').update(bytes).digest('hex'), hex(seal.eventsHash));
  t.end();
});

t.test('docs/audit.md: the table of events is the one of the code', (t) => {
  const [, table = ''] = /<!-- events:begin -->\n(.*)<!-- events:end -->/s.exec(page) ?? [];
  const named = table
    .split('\n')
    .filter((line) => line.startsWith('| `'))
    .map((line) => /^\| `(\w+)` \| .+ \|$/.exec(line)?.[1]);
  t.strictSame(named, [...auditEventTypes]);
  t.end();
});

/** The only fields that these bytes can be. */
function decode(bytes: Buffer): (string | null)[] {
  const fields: (string | null)[] = [];
  for (let at = 0; at < bytes.length; ) {
    const length = bytes.readUInt32BE(at);
    at += 4;
    if (length === 0xffffffff) fields.push(null);
    else {
      fields.push(bytes.toString('utf8', at, at + length));
      at += length;
    }
  }
  return fields;
}

t.test('fields can be read from their encoding, so no two lists have the same', (t) => {
  check(
    property(array(option(string({ unit: 'grapheme' }))), (fields) => {
      t.strictSame(decode(encodeFields(fields)), fields);
    }),
    { numRuns: 500 },
  );
  t.end();
});

const anyText = option(string({ maxLength: 5 }));
const anEvent = (fields: readonly (string | null)[]): ChainedEvent => {
  const [type, actor, userId = null, reason = null, requestId = null, ip = null, detail = null] = fields;
  const texts = { type: type ?? '', actor: actor ?? '', userId, reason, requestId, ip, detail };
  return { ...example, ...texts };
};

t.test('one change of any field, a removal or another order is another hash', (t) => {
  const names = Object.keys(example) as (keyof ChainedEvent)[];
  const events = array(array(anyText, { minLength: 7, maxLength: 7 }), { minLength: 2, maxLength: 5 });
  check(
    property(events, integer({ min: 0, max: 1000 }), integer({ min: 0, max: 11 }), (rows, place, field) => {
      const list = rows.map(anEvent) as [ChainedEvent, ...ChainedEvent[]];
      const seal = sealEvents(undefined, beginning, list, 0);
      const judge = (found: readonly ChainedEvent[]) => {
        const hash = new EventsHash();
        for (const event of found) hash.add(event);
        return judgeEvents(seal, hash);
      };
      const index = place % list.length;
      const name = names[field] as keyof ChainedEvent;
      const changed = list.map((event, at) =>
        at === index ? { ...event, [name]: `${event[name]}x` } : event,
      );
      t.equal(judge(list), undefined);
      t.equal(judge(changed), 'event_changed');
      t.equal(judge(list.toSpliced(index, 1)), 'event_missing');
      t.equal(judge([...list, example]), 'event_added');
    }),
    { numRuns: 200 },
  );
  t.end();
});

t.test('seals are linked: any that is left out, changed or out of its place does not fit', (t) => {
  const one = sealEvents(undefined, beginning, [example], 1);
  const two = sealEvents(one, one.to, [{ ...example, xid: '801' }], 2);
  const resealed = (change: Partial<typeof two>) => {
    const seal = { ...two, ...change };
    return { ...seal, hash: sealHash(seal) };
  };
  const table: [string, ReturnType<typeof judgeLink>, ReturnType<typeof judgeLink>][] = [
    ['the first', judgeLink(undefined, undefined, one), undefined],
    ['the second', judgeLink(one, one.to, two), undefined],
    ['the second without the first', judgeLink(undefined, undefined, two), 'seal_missing'],
    ['the same again', judgeLink(one, one.to, one), 'seal_missing'],
    ['one with another count', judgeLink(one, one.to, { ...two, events: 2 }), 'seal_changed'],
    ['one that follows another', judgeLink(one, one.to, resealed({ previousHash: two.hash })), 'link_broken'],
    ['one with a gap before it', judgeLink(one, one.to, resealed({ from: two.to })), 'range_broken'],
    [
      'one of another origin',
      judgeLink(one, undefined, resealed({ origin: '7', from: beginning })),
      undefined,
    ],
  ];
  for (const [what, found, wanted] of table) t.equal(found, wanted, what);
  t.end();
});

t.test('positions are in the order of numbers, then of ids', (t) => {
  check(
    property(integer({ min: 0 }), integer({ min: 0 }), uuid(), uuid(), (xid, otherXid, id, otherId) => {
      const after = xid === otherXid ? id > otherId : xid > otherXid;
      t.equal(isAfter({ xid: `${xid}`, id }, { xid: `${otherXid}`, id: otherId }), after);
    }),
  );
  t.equal(isAfter({ xid: '1000', id: 'a' }, { xid: '999', id: 'b' }), true, 'not of texts');
  t.equal(isAfter({ xid: '18446744073709551615', id: 'a' }, { xid: '18446744073709551614', id: 'b' }), true);
  t.end();
});

t.test('a detail is small, whatever it is', (t) => {
  const largest = { text: 'x'.repeat(auditLimits.auditDetailBytes - '{"text":""}'.length) };
  const table: [string, AuditDetail, string][] = [
    ['nothing', {}, '{}'],
    ['what fits just so', largest, JSON.stringify(largest)],
    ['a byte more', { text: `${largest.text}x` }, '{"left_out_bytes":4097}'],
    ['bytes count, not characters', { text: 'ü'.repeat(2_100) }, '{"left_out_bytes":4211}'],
  ];
  for (const [what, detail, text] of table) t.equal(detailText(detail), text, what);
  t.end();
});
