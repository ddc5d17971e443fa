import { createHmac, randomBytes } from 'node:crypto';
import { type SessionId, uuidBytes } from '@countersign/verifier/ids';
import { assert as check, nat, property, string } from 'fast-check';
import t from 'tap';
import { newId } from '../../src/platform/newId.ts';
import { createSealing, UnsealError } from '../../src/platform/sealing.ts';
import {
  createRefreshTokens,
  type PresentedRefreshToken,
  parseRefreshToken,
} from '../../src/sessions/refreshToken.ts';

const now = Date.UTC(2030, 0, 1, 12);
const sealing = createSealing(randomBytes(32));
const tokens = createRefreshTokens(sealing);
const newSession = () => {
  const id = newId<SessionId>(now);
  return { id, sealedSecret: tokens.newSealedSecret(id) };
};
const session = newSession();
const token = tokens.derive(session, 7);
const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';

function parsed(text: string): PresentedRefreshToken {
  const presented = parseRefreshToken(text);
  if (presented === undefined) throw new Error(`not a refresh token: ${text}`);
  return presented;
}
/** As a refresh does it: the row of the session that the token names, then its proof. */
const accepts = (text: string) => {
  const presented = parseRefreshToken(text);
  return presented?.sessionId === session.id && tokens.isGenuine(session, presented);
};

t.test('a refresh token is 75 characters that name their session and generation', (t) => {
  for (const generation of [0, 1, 2, 255, 256, 65_536, 2 ** 32, 2 ** 48 - 1]) {
    const text = tokens.derive(session, generation);
    t.match(text, /^rt_[A-Za-z0-9_-]{72}$/, `generation ${generation}`);
    t.match(parsed(text), { sessionId: session.id, generation }, 'names both');
    t.ok(tokens.isGenuine(session, parsed(text)), 'is genuine');
  }
  t.end();
});

t.test('it is derived from the secret: HMAC-SHA-256 over label, session and generation', (t) => {
  const generation = Buffer.from([0, 0, 0, 0, 0, 7]);
  const head = Buffer.concat([uuidBytes(session.id), generation]);
  const secret = sealing.unseal(session.sealedSecret, `session/${session.id}`);
  t.equal(secret.length, 32, '256 bits');
  const mac = createHmac('sha256', secret).update('countersign/refresh/1').update(head).digest();
  t.equal(token, `rt_${Buffer.concat([head, mac]).toString('base64url')}`);
  t.end();
});

t.test('one generation has one token, each other generation another', (t) => {
  t.equal(tokens.derive(session, 7), token, 'again');
  t.equal(
    tokens.derive({ ...session, sealedSecret: Buffer.from(session.sealedSecret) }, 7),
    token,
    'of a copy',
  );
  t.equal(createRefreshTokens(sealing).derive(session, 7), token, 'by another node');
  const macs = Array.from({ length: 200 }, (_, generation) => tokens.derive(session, generation).slice(33));
  t.equal(new Set(macs).size, macs.length, 'generations');
  t.equal(
    new Set(Array.from({ length: 200 }, () => tokens.derive(newSession(), 7).slice(33))).size,
    200,
    'sessions',
  );
  t.end();
});

t.test('it is genuine for its own session, generation and secret only', (t) => {
  const other = newSession();
  const presented = parsed(token);
  const reSecreted = { ...session, sealedSecret: tokens.newSealedSecret(session.id) };
  const table: [string, boolean, Parameters<typeof tokens.isGenuine>][] = [
    ['its own', true, [session, presented]],
    ['another session', false, [other, presented]],
    ['its session with another secret', false, [reSecreted, presented]],
    ['the next generation', false, [session, { ...presented, generation: 8 }]],
    ['the one before', false, [session, { ...presented, generation: 6 }]],
    ['generation 0', false, [session, { ...presented, generation: 0 }]],
    [
      'the proof of another generation',
      false,
      [session, { ...presented, mac: parsed(tokens.derive(session, 8)).mac }],
    ],
    [
      'the proof of another session',
      false,
      [session, { ...presented, mac: parsed(tokens.derive(other, 7)).mac }],
    ],
    ['a proof of zeros', false, [session, { ...presented, mac: new Uint8Array(32) }]],
    ['a token that names another session', false, [session, { ...presented, sessionId: other.id }]],
  ];
  for (const [what, expected, given] of table) t.equal(tokens.isGenuine(...given), expected, what);
  t.end();
});

t.test('it has one spelling: with any character changed it is another token, and not a genuine one', (t) => {
  t.ok(accepts(token), 'the token that is changed');
  const spellings = [...token].flatMap((_, at) =>
    [...alphabet, '=', '+', '/', '.', ' ', '\n'].map((by) => token.slice(0, at) + by + token.slice(at + 1)),
  );
  const accepted = spellings.filter((spelling) => spelling !== token && accepts(spelling));
  t.strictSame(accepted, [], `none of ${spellings.length}`);
  const any = property(nat(74), string({ unit: 'binary', minLength: 1, maxLength: 1 }), (at, by) => {
    const changed = token.slice(0, at) + by + token.slice(at + 1);
    return changed === token || !accepts(changed);
  });
  t.doesNotThrow(() => check(any, { numRuns: 2_000 }), 'any other character');
  t.end();
});

t.test('what is not of its shape is no refresh token', (t) => {
  const zeros = 'A'.repeat(72);
  t.not(parseRefreshToken(`rt_${zeros}`), undefined, 'the shape that the rows below spoil');
  const table: [string, string][] = [
    ['nothing', ''],
    ['only the prefix', 'rt_'],
    ['no prefix', zeros],
    ['no prefix, but the length', 'A'.repeat(75)],
    ['a prefix in upper case', `RT_${zeros}`],
    ['a service token', `st_${zeros}`],
    ['one character less', `rt_${zeros.slice(1)}`],
    ['one character more', `rt_${zeros}A`],
    ['padding', `rt_${zeros}=`],
    ['padding in its length', `rt_${zeros.slice(2)}==`],
    ['the other alphabet', `rt_+${zeros.slice(1)}`],
    ['a space before', ` rt_${zeros}`],
    ['a newline after', `rt_${zeros}\n`],
    ['a newline in its length', `rt_${zeros.slice(1)}\n`],
    ['a scheme', `Bearer rt_${zeros}`],
    ['a letter that is not ASCII', `rt_é${zeros.slice(1)}`],
    ['a lone surrogate', `rt_\ud800${zeros.slice(1)}`],
    ['a megabyte', `rt_${'A'.repeat(1_000_000)}`],
  ];
  for (const [what, text] of table) t.equal(parseRefreshToken(text), undefined, what);
  t.doesNotThrow(() =>
    check(property(string({ unit: 'binary' }), (text) => parseRefreshToken(text) === undefined)),
  );
  t.end();
});

t.test('a secret is fresh, sealed, and bound to its session', (t) => {
  const sealed = Array.from({ length: 100 }, () => tokens.newSealedSecret(session.id));
  const secrets = sealed.map((value) => sealing.unseal(value, `session/${session.id}`).toString('hex'));
  t.equal(new Set(secrets).size, secrets.length, 'fresh');
  const moved = { ...newSession(), sealedSecret: session.sealedSecret };
  t.throws(() => tokens.derive(moved, 7), UnsealError, 'put into the row of another session');
  t.throws(
    () => tokens.isGenuine(moved, { ...parsed(token), sessionId: moved.id }),
    UnsealError,
    'nor does it prove there',
  );
  t.end();
});

t.test('the rows alone give no token: without the sealing key nothing can be derived', (t) => {
  const outside = createRefreshTokens(createSealing(randomBytes(32)));
  t.throws(() => outside.derive(session, 7), UnsealError);
  t.throws(() => outside.isGenuine(session, parsed(token)), UnsealError);

  // The most that a reader of the rows could try: what is stored in place of the secret.
  const head = Buffer.concat([uuidBytes(session.id), Buffer.from([0, 0, 0, 0, 0, 7])]);
  const stored = Buffer.from(session.sealedSecret);
  for (const key of [
    stored,
    stored.subarray(17, -16),
    stored.subarray(17),
    stored.subarray(-32),
    Buffer.alloc(32),
  ]) {
    const mac = createHmac('sha256', key).update('countersign/refresh/1').update(head).digest();
    t.notOk(
      accepts(`rt_${Buffer.concat([head, mac]).toString('base64url')}`),
      `${key.length} bytes as the key`,
    );
  }
  t.end();
});
