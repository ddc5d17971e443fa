import { type SessionId, uuidBytes, uuidFromBytes, uuidPattern } from '@countersign/verifier/ids';
import { assert as check, property, uint8Array } from 'fast-check';
import t from 'tap';
import { newId } from '../../src/platform/newId.ts';

const now = Date.UTC(2030, 0, 1);
const pattern = new RegExp(uuidPattern);
const example = '0192f0c1-2a3b-7c4d-8e5f-a0b1c2d3e4f5';

t.test('a new id is a UUIDv7 (RFC 9562 §5.7) of the time it is given', (t) => {
  const table: [string, number][] = [
    ['the epoch', 0],
    ['one millisecond', 1],
    ['now', now],
    ['a millisecond with every digit', 1_893_456_789_123],
    ['the last one that 48 bits can hold', 2 ** 48 - 1],
  ];
  for (const [what, milliseconds] of table) {
    const id = newId(milliseconds);
    t.match(id, pattern, `${what}: shape`);
    t.match(id, /^.{14}7.{4}[89ab]/, `${what}: version and variant`);
    t.equal(Number.parseInt(id.replace('-', '').slice(0, 12), 16), milliseconds, `${what}: time`);
  }
  t.end();
});

t.test('ids of one millisecond are all different', (t) => {
  const ids = Array.from({ length: 20_000 }, () => newId<SessionId>(now));
  t.equal(new Set(ids).size, ids.length);
  t.equal(new Set(ids.map((id) => id.slice(-12))).size, ids.length, 'already in their last 48 bits');
  t.end();
});

t.test('a later id sorts behind an earlier one', (t) => {
  const ids = Array.from({ length: 2_000 }, (_, step) => newId<SessionId>(now + step));
  t.strictSame(ids.toSorted(), ids);
  t.end();
});

t.test('text and bytes are two forms of one id', (t) => {
  t.equal(uuidBytes(example).toString('hex'), '0192f0c12a3b7c4d8e5fa0b1c2d3e4f5');
  t.equal(uuidFromBytes(uuidBytes(example)), example);
  const bothWays = property(uint8Array({ minLength: 16, maxLength: 16 }), (bytes) => {
    const text = uuidFromBytes(bytes);
    return pattern.test(text) && Buffer.compare(uuidBytes(text), bytes) === 0;
  });
  t.doesNotThrow(() => check(bothWays, { numRuns: 2_000 }), 'any 16 bytes');
  t.end();
});

t.test('of a view, the 16 bytes that it shows first are the id', (t) => {
  const around = Buffer.concat([Buffer.from('before'), uuidBytes(example), Buffer.from('after')]);
  t.equal(uuidFromBytes(new Uint8Array(around).subarray(6)), example);
  t.end();
});

t.test('only a UUID in lower case has the shape of one', (t) => {
  t.match(example, pattern, 'the id that the rows below spoil');
  const table: [string, string][] = [
    ['nothing', ''],
    ['upper case', example.toUpperCase()],
    ['one letter in upper case', example.replace('f', 'F')],
    ['no hyphens', example.replaceAll('-', '')],
    ['a hyphen elsewhere', '0192f0c12-a3b-7c4d-8e5f-a0b1c2d3e4f5'],
    ['braces', `{${example}}`],
    ['a URN', `urn:uuid:${example}`],
    ['too short', example.slice(0, -1)],
    ['too long', `${example}0`],
    ['a letter that is no digit', example.replace('f', 'g')],
    ['a space before', ` ${example}`],
    ['a newline after', `${example}\n`],
    ['two of them', `${example}\n${example}`],
  ];
  for (const [what, text] of table) t.notMatch(text, pattern, what);
  t.end();
});
