import { createHash, createPublicKey, generateKeyPairSync, randomBytes, sign, verify } from 'node:crypto';
import { momentOf } from '@countersign/verifier/clock';
import { StartupError } from '@countersign/verifier/errors';
import { verifierLimits } from '@countersign/verifier/limits';
import { importPublicJwk, type PublicJwk } from '@countersign/verifier/tokens/publicKey';
import t from 'tap';
import { createKeyRing } from '../../src/keys/keyRing.ts';
import type { SigningKeyState, StoredSigningKey } from '../../src/keys/store.ts';
import { createSealing } from '../../src/platform/sealing.ts';
import { createManualClock } from '../support/manualClock.ts';
import { aSigningKey, usualPolicy } from '../support/signingKeys.ts';

const keyEncryptionKey = randomBytes(32);
const sealing = createSealing(keyEncryptionKey);
const at = (milliseconds: number) => ({ monotonic: milliseconds, wall: milliseconds });
/** Of a node that has just looked. */
const open = (rows: readonly StoredSigningKey[], opening = sealing) => {
  const keyRing = createKeyRing({
    sealing: opening,
    clock: { monotonic: () => 0, now: () => 0 },
    policy: usualPolicy,
  });
  keyRing.adopt(rows, at(0));
  return keyRing;
};
const published = (ring: { jwks(): { body: string } }) =>
  (JSON.parse(ring.jwks().body) as { keys: Record<string, unknown>[] }).keys;

/** RFC 7638 §3: SHA-256 of the required members in the order of their names. */
const thumbprint = ({ x, y }: Pick<PublicJwk, 'x' | 'y'>) =>
  createHash('sha256').update(`{"crv":"P-256","kty":"EC","x":"${x}","y":"${y}"}`).digest('base64url');

const generated = await aSigningKey('active', sealing);
const more = await aSigningKey('next', sealing);
const inState = (row: StoredSigningKey, state: SigningKeyState): StoredSigningKey => ({ ...row, state });

t.test('what the signer signs, the verifier of its name verifies', async (t) => {
  const ring = open([generated, more]);
  const { kid, privateKey } = ring.signer();
  const key = ring.verifier(kid)?.publicKey;
  if (key === undefined) throw new Error('no verifier');
  const signature = sign('sha256', Buffer.from('text'), privateKey);
  t.ok(verify('sha256', Buffer.from('text'), key, signature));
  t.notOk(verify('sha256', Buffer.from('other'), key, signature));
  t.equal(key.type, 'public');
  for (const other of ['', '__proto__', 'constructor', kid.slice(1), `${kid} `]) {
    t.equal(ring.verifier(other), undefined, JSON.stringify(other));
  }
});

t.test('the active key signs; the next one and those before it verify and are published', async (t) => {
  const states: SigningKeyState[] = ['retiring', 'next', 'active', 'retiring'];
  const rows = await Promise.all(states.map((state) => aSigningKey(state, sealing)));
  const ring = open(rows);
  t.equal(ring.signer().kid, rows[2]?.kid);
  for (const { kid } of rows) t.ok(ring.verifier(kid), kid);
  t.strictSame(
    published(ring).map((jwk) => jwk['kid']),
    rows.map(({ kid }) => kid).sort(),
  );
  t.equal(ring.size(), 4);
  ring.adopt(rows.slice(2), at(0));
  t.equal(ring.verifier(rows[0]?.kid ?? ''), undefined, 'a key that left the ring verifies nothing');
});

t.test('without a key that signs, there is nothing to sign with', async (t) => {
  const ring = open([more]);
  t.throws(() => ring.signer(), { code: 'unavailable', reason: 'key_ring_out_of_date' });
  t.equal(ring.upToDate(), false);
});

t.test('an older look does not replace a younger one', async (t) => {
  const ring = open([generated]);
  ring.adopt([more], at(-1));
  t.equal(ring.signer().kid, generated.kid);
});

t.test('a node that has not looked for long signs nothing, and later verifies nothing', async (t) => {
  const clock = createManualClock(0);
  const ring = createKeyRing({ sealing, clock, policy: usualPolicy });
  t.equal(ring.upToDate(), false, 'before the first look');
  t.throws(() => ring.verifier(generated.kid), { code: 'unavailable' });
  ring.adopt([generated], momentOf(clock));
  await clock.advance(usualPolicy.ringAgeMs);
  t.equal(ring.signer().kid, generated.kid);
  await clock.advance(1);
  t.throws(() => ring.signer(), { code: 'unavailable', reason: 'key_ring_out_of_date' });
  t.equal(ring.upToDate(), false, 'nor lets others keep its set');
  t.ok(ring.verifier(generated.kid));
  await clock.advance(verifierLimits.keyRingBelievedMilliseconds - usualPolicy.ringAgeMs - 1);
  t.ok(ring.verifier(generated.kid));
  await clock.advance(1);
  t.throws(() => ring.verifier(generated.kid), { code: 'unavailable', reason: 'key_ring_out_of_date' });
  t.throws(() => ring.jwks(), { code: 'unavailable' }, 'nor publishes anything: a key in it may be revoked');
  ring.adopt([generated], momentOf(clock));
  t.equal(ring.signer().kid, generated.kid, 'until it has looked again');
});

t.test(
  'a machine that was suspended shows in its wall clock only: then it signs nothing before it has looked',
  async (t) => {
    const clock = createManualClock(0);
    const ring = createKeyRing({ sealing, clock, policy: usualPolicy });
    const look = () => ring.adopt([generated], momentOf(clock));
    const table: readonly (readonly [string, step: number, signs: boolean])[] = [
      ['as long as a ring may be old', usualPolicy.ringAgeMs, true],
      ['a millisecond longer', usualPolicy.ringAgeMs + 1, false],
      ['two rotations', 2 * usualPolicy.rotationIntervalMs, false],
      ['a clock that is set back', -usualPolicy.rotationIntervalMs, true],
    ];
    for (const [what, step, signs] of table) {
      look();
      clock.stepWall(step);
      t.equal(ring.upToDate(), signs, what);
      if (signs) t.equal(ring.signer().kid, generated.kid);
      else t.throws(() => ring.signer(), { code: 'unavailable', reason: 'key_ring_out_of_date' });
      t.ok(ring.verifier(generated.kid), 'it verifies as before');
      look();
      t.equal(ring.signer().kid, generated.kid, 'until it has looked');
    }
    look();
    clock.stepWall(-usualPolicy.rotationIntervalMs);
    await clock.advance(usualPolicy.ringAgeMs + 1);
    t.equal(ring.upToDate(), false, 'no clock that is set back keeps a ring young');
    const asked = momentOf(clock);
    await clock.advance(usualPolicy.ringAgeMs);
    ring.adopt([generated], asked);
    t.equal(ring.upToDate(), true, 'it counts from when the store was asked');
    clock.stepWall(1);
    t.equal(ring.upToDate(), false);
  },
);

t.test('what is published is public, complete and named by its thumbprint', async (t) => {
  const rows = [generated];
  for (let made = 1; made < 2_000; made += 1) rows.push(await aSigningKey('retiring', sealing));
  const keys = published(open(rows));
  t.equal(keys.length, 2_000);
  const wrong = keys.filter(({ kty, crv, x, y, kid, alg, use, ...others }) => {
    const coordinates = [x, y].every((value) => typeof value === 'string' && value.length === 43);
    const kind = kty === 'EC' && crv === 'P-256' && alg === 'ES256' && use === 'sig';
    const named = kid === thumbprint({ x: x as string, y: y as string });
    return !coordinates || !kind || !named || Object.keys(others).length > 0;
  });
  t.strictSame(wrong, []);
  t.ok(
    keys.some(({ x, y }) => /^A/.test(`${x}`) || /^A/.test(`${y}`)),
    'some begin with a zero',
  );
  t.equal(new Set(keys.map(({ kid }) => kid)).size, 2_000, 'no two alike');
});

t.test('the wrong KEY_ENCRYPTION_KEY does not open the ring, and says no secret', async (t) => {
  const wrongKey = randomBytes(32);
  const error = (() => {
    try {
      return open([generated], createSealing(wrongKey));
    } catch (fault) {
      return fault;
    }
  })();
  if (!(error instanceof StartupError)) return t.fail('not a StartupError');
  t.match(error.message, /KEY_ENCRYPTION_KEY/);
  const said = `${error.message} ${error.stack} ${(error.cause as Error).message}`;
  const secrets = [keyEncryptionKey, wrongKey, Buffer.from(generated.sealedPrivateKey)];
  const spelt = secrets.flatMap((secret) =>
    (['hex', 'base64', 'base64url'] as const).map((as) => secret.toString(as)),
  );
  t.notOk(spelt.some((secret) => said.includes(secret)));
});

t.test('a stored key that was moved or changed does not open', async (t) => {
  const changed = Buffer.from(generated.sealedPrivateKey);
  changed[40] = (changed[40] as number) ^ 1;
  const offCurve = { ...generated.publicJwk, y: generated.publicJwk.x };
  const table: [string, StoredSigningKey][] = [
    ['a changed private key', { ...generated, sealedPrivateKey: changed }],
    ['the private key of another', { ...generated, sealedPrivateKey: more.sealedPrivateKey }],
    ['another name', { ...generated, kid: more.kid }],
    ['a public key that is no point of the curve', { ...generated, publicJwk: offCurve }],
    ['the public key of another', { ...generated, publicJwk: more.publicJwk }],
  ];
  for (const [what, row] of table) t.throws(() => open([row]), what);
  t.ok(open([generated]).signer(), 'the row that they were made of opens');
});

t.test('the entity tag is strong, and changes with the set of keys only', async (t) => {
  const tagOf = (...rows: StoredSigningKey[]) => open(rows).jwks().etag;
  const tag = tagOf(generated, more);
  t.match(tag, /^"[\x21\x23-\x7e]+"$/);
  t.equal(tagOf(generated, more), tag, 'the same set');
  t.equal(tagOf(generated, inState(more, 'retiring')), tag, 'a key in another state');
  t.equal(tagOf(inState(generated, 'retiring'), inState(more, 'active')), tag, 'another signer');
  t.equal(tagOf(more, generated), tag, 'in another order');
  t.not(tagOf(generated), tag, 'a key less');
  t.not(tagOf(generated, more, await aSigningKey('next', sealing)), tag, 'a key more');
  const ring = open([generated]);
  const made = ring.jwks();
  ring.adopt([generated], at(1));
  t.equal(ring.jwks(), made, 'and it is made once');
});

t.test('only a public P-256 key is imported, and only its four members (J9, J13)', (t) => {
  const ec = (namedCurve: string) =>
    generateKeyPairSync('ec', { namedCurve }).publicKey.export({ format: 'jwk' });
  const { kty, crv, x, y } = generated.publicJwk;
  const privateJwk = generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey.export({ format: 'jwk' });
  t.strictSame(Object.keys(importPublicJwk(privateJwk)).sort(), ['crv', 'kty', 'x', 'y'], 'd stays behind');
  t.strictSame(importPublicJwk({ ...generated.publicJwk, kid: 'x', alg: 'none' }), generated.publicJwk);
  t.ok(createPublicKey({ key: { ...importPublicJwk(ec('P-256')) }, format: 'jwk' }));
  const table: [string, unknown][] = [
    ['P-384', ec('P-384')],
    ['P-384 labelled P-256', { ...ec('P-384'), crv: 'P-256' }],
    ['secp256k1', ec('secp256k1')],
    ['P-256 labelled secp256k1', { kty, crv: 'secp256k1', x, y }],
    ['RSA', generateKeyPairSync('rsa', { modulusLength: 2048 }).publicKey.export({ format: 'jwk' })],
    ['Ed25519', generateKeyPairSync('ed25519').publicKey.export({ format: 'jwk' })],
    ['a symmetric key', { kty: 'oct', k: 'A'.repeat(43) }],
    ['no y', { kty, crv, x }],
    ['an x that is a number', { kty, crv, x: 1, y }],
    ['an x that lost its leading zero', { kty, crv, x: Buffer.alloc(31).toString('base64url'), y }],
    ['an x that is too long', { kty, crv, x: Buffer.alloc(33).toString('base64url'), y }],
    ['an x with padding', { kty, crv, x: `${x}=`, y }],
    ['an x with stray bits', { kty, crv, x: `${'A'.repeat(42)}B`, y }],
    ['kty in lower case', { kty: 'ec', crv, x, y }],
    ['nothing in it', {}],
    ['a text', 'x'],
    ['null', null],
  ];
  for (const [what, jwk] of table) t.throws(() => importPublicJwk(jwk), TypeError, what);
  t.end();
});
