/**
 * One byte of a good token is changed, added or taken away, and it is refused: no exception.
 *
 * RFC 7515 would know some, where two texts are one token. They come from a lenient reader, and ours is none
 * (docs/adr/0007-strict-token-reader.md):
 *
 * - Of the first two parts the text itself is signed (§5.1 step 8), so that no other spelling verifies, in whatever
 *   way a decoder may read it.
 * - The third part is signed by nobody. 64 bytes are 86 characters with four bits to spare: a decoder that ignores
 *   them (RFC 4648 §3.5) takes sixteen texts for one signature. Ours takes the one that an encoder writes.
 * - Padding, white space and line breaks are no base64url (§2), which some decoders skip.
 * - (r, n − s) verifies where (r, s) does, but is not one byte away: tokens/liveness.test.ts.
 */

import { AuthorityError } from '@countersign/verifier/errors';
import { createAccessTokenReader } from '@countersign/verifier/tokens/accessTokenReader';
import { parseJti } from '@countersign/verifier/tokens/jti';
import { assert as check, integer, nat, property, uint8Array } from 'fast-check';
import type { FastifyRequest } from 'fastify';
import t from 'tap';
import { serviceTokenHash } from '../../src/services/serviceToken.ts';
import { parseRefreshToken } from '../../src/sessions/refreshToken.ts';
import { sentToken } from '../../src/transport/http/caller.ts';
import { audience, issuer, openTokenForge } from '../support/tokenForge.ts';

const now = Date.UTC(2030, 0, 1, 12);
const forge = await openTokenForge(now);
const reader = createAccessTokenReader({ keyRing: forge.keyRing, issuer, audience });
const good = Buffer.from(forge.good);

/** As HTTP hands over the bytes of a header, and as protobuf does those of a string. */
const encodings = ['latin1', 'utf8'] as const;
const isAccepted = (...parts: Uint8Array[]) =>
  encodings.some((encoding) => reader.read(Buffer.concat(parts).toString(encoding), now).valid);

const before = (at: number) => good.subarray(0, at);
const after = (at: number) => good.subarray(at + 1);
const changed = (at: number, byte: number) => isAccepted(before(at), Buffer.of(byte), after(at));
const inserted = (at: number, byte: number) => isAccepted(before(at), Buffer.of(byte), good.subarray(at));
const everyByte = Array.from({ length: 256 }, (_, byte) => byte);
const last = good.length - 1;

t.test('any byte by any other', (t) => {
  t.ok(isAccepted(good), 'the token that is spoilt');
  const any = property(nat(last), integer({ min: 1, max: 255 }), (at, difference) => {
    return !changed(at, ((good[at] as number) + difference) % 256);
  });
  t.doesNotThrow(() => check(any, { numRuns: 20_000 }));
  // Where a lenient decoder has its exceptions, all of them.
  t.strictSame(
    everyByte.filter((byte) => changed(last, byte)),
    [good[last]],
    'its last one',
  );
  t.end();
});

t.test('any byte more', (t) => {
  const any = property(nat(good.length), nat(255), (at, byte) => !inserted(at, byte));
  t.doesNotThrow(() => check(any, { numRuns: 20_000 }), 'anywhere');
  const dots = [...good.keys()].filter((at) => good[at] === 0x2e);
  for (const at of [0, ...dots, ...dots.map((dot) => dot + 1), good.length]) {
    const accepted = everyByte.filter((byte) => inserted(at, byte));
    t.strictSame(accepted, [], `each of them in place ${at}, an end of a part`);
  }
  t.end();
});

t.test('each byte less', (t) => {
  const accepted = [...good.keys()].filter((at) => isAccepted(before(at), after(at)));
  t.strictSame(accepted, []);
  t.end();
});

/** Everything that reads what a caller sent as a token, or as a part of one. True when it took it for a token. */
const readers: Readonly<Record<string, (text: string) => boolean>> = {
  'access tokens': (text) => reader.read(text, now).valid,
  'refresh tokens': (text) => parseRefreshToken(text) !== undefined,
  'service tokens': (text) => serviceTokenHash(text) !== undefined,
  jti: (text) => parseJti(text) !== undefined,
  'the Authorization header': (text) => {
    try {
      const token = sentToken({ headers: { authorization: text } } as FastifyRequest)?.token;
      return token !== undefined && reader.read(token, now).valid;
    } catch (error) {
      if (error instanceof AuthorityError && error.code === 'invalid_token') return false;
      throw error;
    }
  },
};

const base64url = (bytes: Uint8Array) => Buffer.from(bytes).toString('base64url');
/** How random bytes get past the first look. */
const disguises: Readonly<Record<string, (bytes: Uint8Array) => string>> = {
  'as they are': (bytes) => Buffer.from(bytes).toString('latin1'),
  'as UTF-8': (bytes) => Buffer.from(bytes).toString('utf8'),
  'behind Bearer': (bytes) => `Bearer ${Buffer.from(bytes).toString('latin1')}`,
  'in base64url behind Bearer': (bytes) => `Bearer ${base64url(bytes)}`,
  'as three parts': (bytes) => [0, 5, 10].map((at) => base64url(bytes.subarray(at))).join('.'),
  'as a head that we signed': (bytes) => forge.withHead(bytes),
  'as a body that we signed': (bytes) => forge.withBody(bytes),
  'as a signature': (bytes) => forge.withSignature(() => bytes),
};

t.test('random bytes are a token to nobody, and an error to nobody', (t) => {
  for (const [reading, read] of Object.entries(readers)) {
    for (const [how, disguise] of Object.entries(disguises)) {
      const any = property(uint8Array({ maxLength: 100 }), (bytes) => !read(disguise(bytes)));
      t.doesNotThrow(() => check(any, { numRuns: 500 }), `${reading}: ${how}`);
    }
  }
  t.end();
});

t.test('random bytes of the right length look like an opaque token, and are an error to nobody', (t) => {
  const lengths = { rt_: 54, st_: 32, '': 27 };
  const reads = Object.values(readers);
  for (const [prefix, length] of Object.entries(lengths)) {
    const any = property(uint8Array({ minLength: length, maxLength: length }), (bytes) => {
      return reads.filter((read) => read(prefix + base64url(bytes))).length === 1;
    });
    t.doesNotThrow(() => check(any, { numRuns: 2_000 }), `${prefix || 'a jti of'} ${length} bytes`);
  }
  t.end();
});
