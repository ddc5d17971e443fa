import { type SessionId, uuidBytes, uuidFromBytes } from '@countersign/verifier/ids';
import {
  jtiCharacters,
  lastRightsEpoch,
  newJti,
  parseJti,
  rightsSubject,
} from '@countersign/verifier/tokens/jti';
import { assert as check, nat, property, string, uint8Array } from 'fast-check';
import t from 'tap';
import { newId } from '../../src/platform/newId.ts';

const now = Date.UTC(2030, 0, 1, 12);
const sid = newId<SessionId>(now);

t.test('a jti says by itself which session it is of and when it was issued', (t) => {
  const table: [string, SessionId, number][] = [
    ['now', sid, now],
    ['with every digit of the time', sid, 1_893_456_789_123],
    ['at the first millisecond', sid, 1],
    ['at the last millisecond of 48 bits', sid, 2 ** 48 - 1],
    [
      'a session id of zeros but one',
      uuidFromBytes(Buffer.from(`${'00'.repeat(15)}01`, 'hex')) as SessionId,
      now,
    ],
    ['a session id of ones', uuidFromBytes(Buffer.alloc(16, 0xff)) as SessionId, now],
  ];
  for (const [what, sessionId, issuedAt] of table) {
    const text = newJti(sessionId, issuedAt, 0);
    t.equal(text.length, 36, `${what}: characters`);
    t.match(parseJti(text), { text, sessionId, issuedAt }, what);
  }
  t.equal(parseJti(newJti(sid, 0, 0)), undefined, 'without a time: it would stand for rights');
  const nobodys = newJti(uuidFromBytes(Buffer.alloc(16)) as SessionId, now, 0);
  t.equal(parseJti(nobodys), undefined, 'of no session: it would stand for every token of before');
  t.end();
});

t.test('that holds for any session and any time', (t) => {
  const anySid = uint8Array({ minLength: 16, maxLength: 16 }).filter((bytes) =>
    bytes.some((byte) => byte > 0),
  );
  const bothWays = property(anySid, nat(2 ** 31 - 1), nat(2 ** 16 - 1), (bytes, high, low) => {
    const sessionId = uuidFromBytes(bytes) as SessionId;
    const issuedAt = high * 2 ** 16 + low + 1;
    const text = newJti(sessionId, issuedAt, 0);
    const jti = parseJti(text);
    return (
      text.length === jtiCharacters &&
      /^[A-Za-z0-9_-]+$/.test(text) &&
      jti?.text === text &&
      jti.sessionId === sessionId &&
      jti.issuedAt === issuedAt
    );
  });
  t.doesNotThrow(() => check(bothWays, { numRuns: 5_000 }));
  t.end();
});

t.test('a revocation may cover it as itself, as its session, or as the rights of its time', (t) => {
  const text = newJti(sid, now, 258);
  const [token, session, rights] = parseJti(text)?.subjects ?? [];
  t.strictSame(rights, rightsSubject(sid, 258));
  t.notSame(rights, rightsSubject(sid, 257), 'and not of those before');
  t.strictSame(rights, Buffer.concat([uuidBytes(sid), Buffer.from([0, 0, 0, 0, 0, 0, 1, 2, 0, 0, 0])]));
  t.equal(
    parseJti(rightsSubject(sid, 258).toString('base64url')),
    undefined,
    'nobody can name it as a token',
  );
  t.ok(parseJti(newJti(sid, now, lastRightsEpoch)));
  t.throws(() => newJti(sid, now, lastRightsEpoch + 1), RangeError);
  t.strictSame(token, Buffer.from(text, 'base64url'));
  t.equal(token?.length, 27);
  t.strictSame(session, uuidBytes(sid));
  t.end();
});

t.test('two tokens of one session and one millisecond have two jti', (t) => {
  // 24 bits are random: of ten, two are alike once in 370,000 runs.
  const texts = Array.from({ length: 10 }, () => newJti(sid, now, 0));
  t.equal(new Set(texts).size, texts.length);
  t.equal(new Set(texts.map((text) => parseJti(text)?.sessionId)).size, 1, 'of one session');
  t.end();
});

t.test('what is not 36 characters of base64url is no jti', (t) => {
  const text = newJti(sid, now, 0);
  for (let length = 0; length <= 80; length += 1) {
    if (length !== jtiCharacters) t.equal(parseJti('A'.repeat(length)), undefined, `${length} characters`);
  }
  const withLast = (last: string) => text.slice(0, -1) + last;
  const table: [string, string][] = [
    ['padding', withLast('=')],
    ['plus', withLast('+')],
    ['slash', withLast('/')],
    ['a full stop', withLast('.')],
    ['a space', withLast(' ')],
    ['a newline', withLast('\n')],
    ['a space before', ` ${text.slice(0, -1)}`],
    ['NUL', withLast('\0')],
    ['a letter that is not ASCII', withLast('é')],
    ['a letter that Node.js takes for A', withLast('\u0141')],
    ['a lone surrogate', withLast('\ud800')],
    ['hexadecimal with hyphens', `${sid.slice(0, 35)}~`],
    ['a megabyte', 'A'.repeat(1_000_000)],
  ];
  for (const [what, spoilt] of table) t.equal(parseJti(spoilt), undefined, what);
  t.end();
});

t.test('36 characters are read exactly when each is of the alphabet, and as one value only', (t) => {
  const anyText = property(string({ unit: 'binary-ascii', minLength: 36, maxLength: 36 }), (text) => {
    const isShape = /^[A-Za-z0-9_-]{36}$/.test(text);
    return (parseJti(text) !== undefined) === isShape;
  });
  t.doesNotThrow(() => check(anyText, { numRuns: 3_000 }), 'any text');

  const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';
  const text = newJti(sid, now, 0);
  const spellings = [...text].flatMap((_, at) =>
    [...alphabet].map((by) => text.slice(0, at) + by + text.slice(at + 1)),
  );
  const read = spellings.map((spelling) =>
    Buffer.from(parseJti(spelling)?.subjects[0] ?? []).toString('hex'),
  );
  t.equal(new Set(read).size, new Set(spellings).size, 'one character more or less is another token');
  t.equal(new Set(spellings).size, 36 * 63 + 1);
  t.end();
});
