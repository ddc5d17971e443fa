/** Our readers of the hot requests beside the library's decoder: the same answer, or none. */
import { loadContract } from '@countersign/verifier/contract/contract';
import type { SessionId } from '@countersign/verifier/ids';
import { newJti } from '@countersign/verifier/tokens/jti';
import fc from 'fast-check';
import t from 'tap';
import { newId } from '../../src/platform/newId.ts';
import {
  createWriteResults,
  readBatchIsRevoked,
  readIntrospect,
  readIsRevoked,
} from '../../src/tokens/plainMessages.ts';
import { field } from '../support/rawGrpc.ts';

const { IsRevoked, BatchIsRevoked, Introspect } = loadContract().v1.TokenService.service;
const jti = newJti(newId<SessionId>(Date.now()), Date.now(), 0);
const kid = 'k'.repeat(43);
const token = 'a'.repeat(700);
const write = (request: object) => IsRevoked.requestSerialize(request as never);
const text = (number: number, value: string) => field(number, Buffer.from(value));
const join = (...parts: Buffer[]) => Buffer.concat(parts);

const methods = {
  IsRevoked: { read: readIsRevoked, decode: IsRevoked.requestDeserialize },
  BatchIsRevoked: { read: readBatchIsRevoked, decode: BatchIsRevoked.requestDeserialize },
  Introspect: { read: readIntrospect, decode: Introspect.requestDeserialize },
} as const;

t.test('the form in which clients write them is read', (t) => {
  for (const request of [{ jti }, { jti, kid }]) {
    const bytes = write(request);
    t.strictSame(readIsRevoked(bytes), IsRevoked.requestDeserialize(bytes), Object.keys(request).join());
    t.match(readIsRevoked(bytes), request);
  }
  for (const count of [1, 2, 1_000]) {
    const request = {
      jtis: Array.from({ length: count }, () => newJti(newId<SessionId>(0), 0, 0)),
      checks: [],
    };
    t.strictSame(readBatchIsRevoked(BatchIsRevoked.requestSerialize(request)), request, `${count} ids`);
  }
  for (const length of [128, 700, 8_192, 16_383]) {
    const request = { token: 'x'.repeat(length) };
    t.strictSame(readIntrospect(Introspect.requestSerialize(request)), request, `${length} characters`);
  }
  t.end();
});

t.test('anything else is left to the library', (t) => {
  const varint = (number: number, value: number) => Buffer.from([number << 3, value]);
  const odd: readonly (readonly [string, keyof typeof methods, Buffer])[] = [
    ['nothing', 'IsRevoked', Buffer.alloc(0)],
    ['an empty jti', 'IsRevoked', text(1, '')],
    ['a short jti', 'IsRevoked', text(1, jti.slice(1))],
    ['a long jti', 'IsRevoked', text(1, `${jti}A`)],
    ['a repeated jti', 'IsRevoked', join(text(1, jti), text(1, jti))],
    ['a jti and an unknown field', 'IsRevoked', join(text(1, jti), text(9, kid))],
    ['a jti and an unknown varint', 'IsRevoked', join(text(1, jti), varint(9, 1))],
    ['a kid before the jti', 'IsRevoked', join(text(3, kid), text(1, jti))],
    ['a kid of another length', 'IsRevoked', join(text(1, jti), text(3, 'kid'))],
    ['an external id', 'IsRevoked', text(2, jti)],
    ['a subject', 'IsRevoked', text(4, 's'.repeat(27))],
    ['a jti of another wire type', 'IsRevoked', varint(1, 36)],
    ['a jti that is not ASCII', 'IsRevoked', text(1, 'é'.repeat(18))],
    ['a jti that is not UTF-8', 'IsRevoked', field(1, Buffer.alloc(36, 0xff))],
    ['a jti without its last byte', 'IsRevoked', text(1, jti).subarray(0, -1)],
    ['no ids', 'BatchIsRevoked', Buffer.alloc(0)],
    ['an empty id', 'BatchIsRevoked', join(text(1, jti), text(1, ''))],
    ['a short id', 'BatchIsRevoked', join(text(1, jti), text(1, jti.slice(1)))],
    ['two ids whose lengths add up', 'BatchIsRevoked', join(text(1, jti.slice(1)), text(1, `${jti}A`))],
    ['checks', 'BatchIsRevoked', join(text(2, jti), text(2, jti))],
    ['ids and checks', 'BatchIsRevoked', join(text(1, jti), text(2, jti))],
    ['an id that is not ASCII', 'BatchIsRevoked', text(1, 'é'.repeat(18))],
    ['ids without their last byte', 'BatchIsRevoked', join(text(1, jti), text(1, jti)).subarray(0, -1)],
    ['a short token', 'Introspect', text(1, 'abc')],
    ['a very long token', 'Introspect', text(1, 'x'.repeat(16_384))],
    ['a repeated token', 'Introspect', join(text(1, token), text(1, token))],
    ['a token and an unknown field', 'Introspect', join(text(1, token), text(2, token))],
    ['a token that is not ASCII', 'Introspect', text(1, 'é'.repeat(200))],
    ['a token that is not UTF-8', 'Introspect', field(1, Buffer.alloc(300, 0xff))],
    ['a token without its last byte', 'Introspect', text(1, token).subarray(0, -1)],
    [
      'a length written in three bytes',
      'Introspect',
      join(Buffer.from([0x0a, 0xbc, 0x85, 0x00]), Buffer.from(token)),
    ],
  ];
  for (const [what, method, bytes] of odd) t.equal(methods[method].read(bytes), undefined, what);
  t.end();
});

t.test('whatever bytes come, the two never disagree', (t) => {
  const batch = BatchIsRevoked.requestSerialize({ jtis: [jti, jti], checks: [] });
  const good = [write({ jti }), write({ jti, kid }), batch, Introspect.requestSerialize({ token })];
  const changed = fc
    .tuple(fc.constantFrom(...good), fc.array(fc.tuple(fc.nat(), fc.nat(255)), { maxLength: 3 }), fc.nat(3))
    .map(([bytes, changes, cut]) => {
      const copy = Buffer.from(bytes.subarray(0, bytes.length - cut));
      for (const [at, value] of changes) copy[at % copy.length] = value;
      return copy;
    });
  const anyBytes = fc.uint8Array({ maxLength: 90 }).map((bytes) => Buffer.from(bytes));
  fc.assert(
    fc.property(fc.oneof(changed, anyBytes), (bytes) => {
      for (const { read, decode } of Object.values(methods)) {
        const ours = read(bytes);
        if (ours !== undefined) t.strictSame({ ...ours }, { ...decode(bytes) });
      }
    }),
    { numRuns: 3_000 },
  );
  t.end();
});

t.test('results are joined to the bytes that the library writes', (t) => {
  const write = createWriteResults(IsRevoked.responseSerialize);
  const live = { revoked: false, decidedBy: 'DECIDED_BY_BLOOM' } as const;
  const ended = { revoked: true, reason: 'REASON_LOGOUT', decidedBy: 'DECIDED_BY_LRU' } as const;
  const failed = (message: string) => ({
    revoked: true,
    failure: { code: 14, reason: 'unavailable', message },
  });
  const long = failed('x'.repeat(300));
  for (const results of [[], [live], [live, ended, live, ended], [failed(''), live, long], [{}]]) {
    t.strictSame(write({ results }), BatchIsRevoked.responseSerialize({ results }), JSON.stringify(results));
  }
  t.end();
});
