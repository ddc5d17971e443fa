/** Keys of a ring, a token from each: what this code writes, another implementation reads. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { text } from 'node:stream/consumers';
import { decodeBase64url } from '@countersign/verifier/encoding';
import type { Test } from 'tap';
import { createAccessTokenIssuer } from '../../src/tokens/accessToken.ts';
import { aSession } from '../support/aSession.ts';
import { partsOf } from '../support/attackTable.ts';
import { inCheckout } from '../support/checkout.ts';
import { pythonWith } from '../support/pythonSubscriber.ts';
import { openRing } from '../support/signingKeys.ts';
import { audience, issuer } from '../support/tokenForge.ts';

const now = Date.UTC(2030, 0, 1, 12);
const subject = aSession(now);

interface Signed {
  /** The key set as it is published: of one key. */
  readonly jwks: string;
  readonly token: string;
}

/** By a ring that makes its first key, as an authority does. */
async function signedByNewKey(): Promise<Signed> {
  const keyRing = await openRing();
  const tokens = createAccessTokenIssuer({ issuer, audience, accessTtlMs: 900_000 });
  return { jwks: keyRing.jwks().body, token: await tokens.issue(subject, keyRing.signer(), now) };
}

const bytesOf = (text: string) => Buffer.from(text, 'base64url');
const coordinatesOf = ({ jwks }: Signed): string[] =>
  JSON.parse(jwks).keys.flatMap(({ x, y }: { x: string; y: string }) => [x, y]);
const signatureOf = ({ token }: Signed) => partsOf(token)[2];
const jtiOf = ({ token }: Signed): string => JSON.parse(bytesOf(partsOf(token)[1]).toString()).jti;

/** What PyJWT says: the `jti` of each that is good, and whether all were. */
async function askPython(signed: readonly Signed[]): Promise<{ good: boolean; jtis: string[] }> {
  const python = spawn(pythonWith('jwt, cryptography'), [inCheckout('test/support/verifyTokens.py')], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  python.stdin.end(signed.map(({ jwks, token }) => `${JSON.stringify({ jwks, token })}\n`).join(''));
  const [[code], said] = await Promise.all([once(python, 'close'), text(python.stdout)]);
  if (code !== 0) throw new Error(`verifyTokens.py ended with ${code}`);
  const jtis = said.split('\n').filter((jti) => jti !== '');
  return { good: jtis.length === signed.length, jtis: jtis.sort() };
}

/** Those that are not this many bytes, in base64url of this many characters. */
const misfits = (texts: readonly string[], bytes: number, characters: number) =>
  texts.filter((text) => text.length !== characters || decodeBase64url(text)?.length !== bytes);
const zeroAt = (texts: readonly string[], at: number) => texts.some((text) => bytesOf(text)[at] === 0);

/** `zeros`: whether there are so many that some surely begin with a zero. */
export async function othersReadEach(t: Test, count: number, { zeros }: { zeros: boolean }): Promise<void> {
  const signed: Signed[] = [];
  for (let made = 0; made < count; made += 1) signed.push(await signedByNewKey());

  await t.test('every coordinate has 43 characters, every signature 64 bytes', (t) => {
    const coordinates = signed.flatMap(coordinatesOf);
    const signatures = signed.map(signatureOf);
    t.equal(new Set(coordinates).size, 2 * count, 'no two keys alike');
    t.strictSame(misfits(coordinates, 32, 43), [], 'coordinates');
    t.strictSame(misfits(signatures, 64, 86), [], 'signatures');
    if (zeros) {
      t.ok(zeroAt(coordinates, 0), 'some coordinate begins with a zero');
      t.ok(zeroAt(signatures, 0) && zeroAt(signatures, 32), 'some r, and some s');
    }
    t.end();
  });

  await t.test('another implementation verifies them all', async (t) => {
    t.strictSame(await askPython(signed), { good: true, jtis: signed.map(jtiOf).sort() });
  });

  await t.test('and not when one of them was spoilt', async (t) => {
    const [some, last] = [signed.slice(0, 20), signed[20] as Signed];
    const spoilt = { ...last, token: `${last.token.slice(0, -86)}${signatureOf(some[0] as Signed)}` };
    t.match(await askPython([...some, spoilt]), { good: false });
    t.match(
      await askPython([...some, { ...last, jwks: (some[0] as Signed).jwks }]),
      { good: false },
      'another key',
    );
    t.match(await askPython([...some, last]), { good: true });
  });
}
