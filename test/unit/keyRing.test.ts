import { createHash, createPublicKey, generateKeyPairSync, randomBytes, sign, verify } from 'node:crypto';
import t from 'tap';
import { StartupError } from '../../src/core/errors.ts';
import { createSealing } from '../../src/core/sealing.ts';
import { openKeyRing } from '../../src/keys/keyRing.ts';
import { generateSigningKey, importPublicJwk, type PublicJwk } from '../../src/keys/signingKey.ts';
import type { SigningKeyState, SigningKeyStore, StoredSigningKey } from '../../src/keys/signingKeyStore.ts';
import { createManualClock } from '../support/manualClock.ts';
import { createMemorySigningKeys } from '../support/memorySigningKeys.ts';

const now = Date.UTC(2030, 0, 1);
const clock = createManualClock(now);
const keyEncryptionKey = randomBytes(32);
const sealing = createSealing(keyEncryptionKey);
const open = (store: SigningKeyStore, opening = sealing) => openKeyRing({ store, sealing: opening, clock });
const published = (ring: { jwks(): { body: string } }) =>
  (JSON.parse(ring.jwks().body) as { keys: Record<string, unknown>[] }).keys;

/** RFC 7638 §3: SHA-256 of the required members in the order of their names. */
const thumbprint = ({ x, y }: Pick<PublicJwk, 'x' | 'y'>) =>
  createHash('sha256').update(`{"crv":"P-256","kty":"EC","x":"${x}","y":"${y}"}`).digest('base64url');

const generated = await generateSigningKey('active', sealing, now);
const more = await generateSigningKey('next', sealing, now + 1);
const inState = (row: StoredSigningKey, state: SigningKeyState): StoredSigningKey => ({ ...row, state });

t.test('the first start makes a key, the next ones use it', async (t) => {
  const store = createMemorySigningKeys();
  const first = await open(store);
  t.equal(first.createdFirstKey, true);
  t.match(store.rows, [{ kid: first.signer().kid, state: 'active', createdAt: now, activatedAt: now }]);
  const again = await open(store);
  t.equal(again.createdFirstKey, false);
  t.equal(again.signer().kid, first.signer().kid);
  t.equal(store.rows.length, 1);
});

t.test('nodes that start at the same time end with one key', async (t) => {
  const store = createMemorySigningKeys();
  const rings = await Promise.all(Array.from({ length: 8 }, () => open(store)));
  t.equal(store.rows.length, 1);
  t.equal(new Set(rings.map((ring) => ring.signer().kid)).size, 1);
  t.equal(rings.filter(({ createdFirstKey }) => createdFirstKey).length, 1, 'one of them made it');
  t.equal(new Set(rings.map((ring) => ring.jwks().etag)).size, 1);
});

t.test('what the signer signs, the verifier of its name verifies', async (t) => {
  const ring = await open(createMemorySigningKeys());
  const { kid, privateKey } = ring.signer();
  const key = ring.verifier(kid);
  if (key === undefined) throw new Error('no verifier');
  const signature = sign('sha256', Buffer.from('text'), privateKey);
  t.ok(verify('sha256', Buffer.from('text'), key, signature));
  t.notOk(verify('sha256', Buffer.from('other'), key, signature));
  t.equal(key.type, 'public');
  for (const other of ['', '__proto__', 'constructor', kid.slice(1), `${kid} `]) {
    t.equal(ring.verifier(other), undefined, JSON.stringify(other));
  }
});

t.test('keys that will sign or have signed are published and verify; dead ones do not', async (t) => {
  const states: SigningKeyState[] = ['active', 'next', 'retiring', 'retired', 'revoked'];
  const rows = await Promise.all(
    states.map(async (state) => inState(await generateSigningKey('next', sealing, now), state)),
  );
  const ring = await open(createMemorySigningKeys(rows));
  t.equal(ring.createdFirstKey, false);
  t.equal(ring.signer().kid, rows[0]?.kid, 'the active one signs');
  for (const [index, { kid, state }] of rows.entries()) {
    t.equal(ring.verifier(kid) !== undefined, index < 3, `${state} verifies`);
    t.equal(
      published(ring).some((jwk) => jwk['kid'] === kid),
      index < 3,
      `${state} is published`,
    );
  }
});

t.test('a ring that would have no key that signs does not open', async (t) => {
  await t.rejects(open({ load: async () => [more], insert: async () => false }));
});

t.test('what is published is public, complete and named by its thumbprint', async (t) => {
  const rows = [generated];
  for (let made = 1; made < 2_000; made += 1) rows.push(await generateSigningKey('next', sealing, now));
  const keys = published(await open(createMemorySigningKeys(rows)));
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
  const store = createMemorySigningKeys([generated]);
  const wrongKey = randomBytes(32);
  const error = await open(store, createSealing(wrongKey)).then(
    () => undefined,
    (fault: unknown) => fault,
  );
  if (!(error instanceof StartupError)) return t.fail('not a StartupError');
  t.match(error.message, /KEY_ENCRYPTION_KEY/);
  const said = `${error.message} ${error.stack} ${(error.cause as Error).message}`;
  const secrets = [keyEncryptionKey, wrongKey, Buffer.from(generated.sealedPrivateKey)];
  const spelt = secrets.flatMap((secret) =>
    (['hex', 'base64', 'base64url'] as const).map((as) => secret.toString(as)),
  );
  t.notOk(spelt.some((secret) => said.includes(secret)));
  t.equal(store.rows.length, 1, 'and nothing was made in its place');
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
  for (const [what, row] of table) await t.rejects(open(createMemorySigningKeys([row])), what);
  await t.resolves(open(createMemorySigningKeys([generated])), 'the row that they were made of opens');
});

t.test('the entity tag is strong, and changes with the set of keys only', async (t) => {
  const tagOf = async (...rows: StoredSigningKey[]) =>
    (await open(createMemorySigningKeys(rows))).jwks().etag;
  const tag = await tagOf(generated, more);
  t.match(tag, /^"[\x21\x23-\x7e]+"$/);
  t.equal(await tagOf(generated, more), tag, 'the same set');
  t.equal(await tagOf(generated, inState(more, 'retiring')), tag, 'a key in another state');
  t.equal(await tagOf(inState(generated, 'retiring'), inState(more, 'active')), tag, 'another signer');
  t.equal(await tagOf(more, generated), tag, 'in another order');
  t.not(await tagOf(generated), tag, 'a key less');
  t.not(await tagOf(generated, more, await generateSigningKey('next', sealing, now)), tag, 'a key more');
  const ring = await open(createMemorySigningKeys([generated]));
  t.equal(ring.jwks(), ring.jwks(), 'and it is made once');
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
