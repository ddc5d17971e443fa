/**
 * A signature that was verified once is not verified again. That may save work only: whatever else a token could be refused
 * for, it is refused for the second time as well. Whether it is revoked the reader never says, so every caller asks.
 */
import { createPublicKey, generateKeyPairSync } from 'node:crypto';
import { AuthorityError } from '@countersign/verifier/errors';
import type { SessionId } from '@countersign/verifier/ids';
import { verifierLimits } from '@countersign/verifier/limits';
import { createAccessTokenReader, type ReadToken } from '@countersign/verifier/tokens/accessTokenReader';
import { newJti } from '@countersign/verifier/tokens/jti';
import type { Verifier } from '@countersign/verifier/tokens/publicKey';
import { createVerifiedTokens, type VerifiedToken } from '@countersign/verifier/tokens/verifiedTokens';
import t from 'tap';
import { newId } from '../../src/platform/newId.ts';
import { audience, es256, issuer, openTokenForge } from '../support/tokenForge.ts';

const now = Date.UTC(2030, 0, 1, 12);
const forge = await openTokenForge(now);
const { good, kid, claims } = forge;
const subject = forge.keyRing.verifier(kid)?.subject as Uint8Array;
const strangers = generateKeyPairSync('ec', { namedCurve: 'P-256' });

const outcome = (read: ReadToken) => (read.valid ? 'valid' : read.fault);

/** The same public key, which counts how often `node:crypto` asks it what it is: once or more for each verification. */
function countingKey() {
  const key = createPublicKey({ key: forge.publicKey.export({ format: 'jwk' }), format: 'jwk' });
  const count = { uses: 0 };
  const type = () => {
    count.uses += 1;
    return 'public';
  };
  Object.defineProperty(key, 'type', { get: type });
  return { key, count };
}

/** A reader with a memory of its own, over a ring that the test changes. */
function setUp(maximum?: number) {
  const { key, count } = countingKey();
  const ring = new Map<string, Verifier>([[kid, { publicKey: key, subject }]]);
  const verified = createVerifiedTokens(maximum);
  const keyRing = { verifier: (name: string) => ring.get(name) };
  const reader = createAccessTokenReader({ keyRing, issuer, audience, verified });
  /** The outcome, and whether the signature was verified for it. */
  const read = (token: string, at = now) => {
    count.uses = 0;
    const read = outcome(reader.read(token, at));
    return count.uses > 0 ? `${read}, verified` : read;
  };
  return { reader, ring, verified, keyRing, read };
}

t.test('a token that comes again is not verified again', (t) => {
  const { read, reader, verified } = setUp();
  t.equal(read(good), 'valid, verified');
  t.equal(verified.size(), 1);
  for (let again = 0; again < 3; again += 1) t.equal(read(good), 'valid');
  const [fresh, known] = [setUp().reader.read(good, now), reader.read(good, now)];
  t.strictSame(known, fresh, 'and what is read of it is the same');
  t.match(known, { claims: { sub: claims.sub }, keySubject: subject });
  const memory = setUp();
  t.equal(memory.read(good), 'valid, verified', 'another reader has another memory');
  t.end();
});

t.test('what is not the same token is verified, and refused for its own faults', (t) => {
  const signature = good.slice(good.lastIndexOf('.') + 1);
  const bytes = Buffer.from(signature, 'base64url');
  bytes[0] = (bytes[0] as number) ^ 1;
  const head = good.slice(0, good.indexOf('.'));
  const signed = good.slice(0, good.lastIndexOf('.'));
  const forged = (change: object) =>
    `${head}.${Buffer.from(JSON.stringify({ ...claims, ...change })).toString('base64url')}.${signature}`;
  const sid = newId<SessionId>(now);
  const table: readonly (readonly [string, string, string])[] = [
    ['another payload', forged({ scope: 'everything' }), 'signature, verified'],
    ['a longer life', forged({ exp: claims.exp + 1 }), 'signature, verified'],
    ['another session', forged({ sid, jti: newJti(sid, now, 0) }), 'signature, verified'],
    ['another signature', `${signed}.${bytes.toString('base64url')}`, 'signature, verified'],
    ['no signature', `${signed}.`, 'malformed'],
    ['the signature of another', forge.withSignature(es256(strangers.privateKey)), 'signature, verified'],
    ['another spelling', `${good}=`, 'malformed'],
    ['the name of another key', forge.withHeader({ kid: 'other' }), 'unknown_key'],
    ['another algorithm', forge.withHeader({ alg: 'none' }), 'header'],
    ['a second token of the same name', forge.withClaims({ scope: 'less' }), 'valid, verified'],
  ];
  for (const [what, token, becomes] of table) {
    const { read } = setUp();
    t.equal(read(good), 'valid, verified');
    t.equal(read(token), becomes, what);
    t.equal(read(token), becomes.replace('valid, verified', 'valid'), `${what}, again`);
  }
  t.end();
});

t.test('a key that left the ring, or is another one now, takes its tokens along', (t) => {
  const { read, ring } = setUp();
  read(good);
  const ours = ring.get(kid) as Verifier;
  ring.delete(kid);
  t.equal(read(good), 'unknown_key');
  ring.set(kid, { publicKey: strangers.publicKey, subject });
  t.equal(read(good), 'signature', "a stranger's key of its name");
  ring.set(kid, ours);
  t.equal(read(good), 'valid', 'the same key back');

  t.end();
});

t.test('an audience that is no longer known takes its tokens along', (t) => {
  const { verified, keyRing } = setUp();
  const audiences = new Set([audience]);
  const reader = createAccessTokenReader({ keyRing, issuer, audience: audiences, verified });
  const read = () => outcome(reader.read(good, now));
  t.equal(read(), 'valid');
  audiences.clear();
  t.equal(read(), 'audience');
  audiences.add(audience);
  t.equal(read(), 'valid');
  const other = createAccessTokenReader({ keyRing, issuer: 'https://other.example', audience, verified });
  t.equal(outcome(other.read(good, now)), 'issuer', 'a reader of another issuer');
  t.end();
});

t.test('a ring that is too old to be relied on is not helped by memory', (t) => {
  const { reader, keyRing } = setUp();
  reader.read(good, now);
  keyRing.verifier = () => {
    throw new AuthorityError('unavailable');
  };
  t.throws(() => reader.read(good, now), { code: 'unavailable' });
  t.end();
});

t.test('its times are judged each time', (t) => {
  const { read } = setUp();
  const expiry = claims.exp * 1_000;
  const begin = (claims.iat - verifierLimits.clockSkewSeconds) * 1_000;
  const table: readonly (readonly [string, number, string])[] = [
    ['fresh', now, 'valid'],
    ['a millisecond before it expires', expiry - 1, 'valid'],
    ['when it expires', expiry, 'expired'],
    ['a millisecond later', expiry + 1, 'expired'],
    ['after the clock went back', now, 'valid'],
    ['as early as clocks may differ', begin, 'valid'],
    ['a millisecond earlier', begin - 1, 'not_yet_valid'],
  ];
  t.equal(read(good), 'valid, verified');
  for (const [when, at, becomes] of table) t.equal(read(good, at), becomes, when);
  t.end();
});

t.test('only tokens that were good are kept', (t) => {
  const { read, verified } = setUp();
  const refused = [
    forge.withClaims({ exp: claims.iat }),
    forge.withClaims({ aud: 'other' }),
    forge.withClaims({ iss: 'https://other.example' }),
    forge.withClaims({ jti: 'other' }),
    forge.withSignature(es256(strangers.privateKey)),
  ];
  for (const token of refused) read(token);
  t.equal(read(good, claims.exp * 1_000), 'expired, verified');
  t.equal(verified.size(), 0);
  t.equal(read(good), 'valid, verified');
  t.end();
});

t.test('the memory is bounded; what it forgot is verified again', (t) => {
  const { read, verified } = setUp(3);
  const tokens = Array.from({ length: 5 }, () => forge.withClaims({ jti: newJti(claims.sid, now, 0) }));
  for (const token of tokens) t.equal(read(token), 'valid, verified');
  t.equal(verified.size(), 3);
  t.strictSame(
    [4, 3, 2, 1].map((index) => read(tokens[index] as string)),
    ['valid', 'valid', 'valid', 'valid, verified'],
    'the newest are kept',
  );

  const usual = createVerifiedTokens();
  for (let added = 0; added <= verifierLimits.verifiedTokens; added += 1) {
    usual.add(`${added}`, {} as VerifiedToken);
  }
  t.equal(usual.size(), verifierLimits.verifiedTokens);
  t.end();
});
