/** Keys of a ring, a token from each: what this code writes, another implementation reads. */
import { execFile } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { decodeBase64url } from '@countersign/verifier/encoding';
import type { Test } from 'tap';
import { createAccessTokenIssuer } from '../../src/tokens/accessToken.ts';
import { aSession } from '../support/aSession.ts';
import { partsOf } from '../support/attackTable.ts';
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

/** Each token with its own keys, two at a time. `jose` puts out what was signed before it has verified it. */
const verifyEach = 'seq 0 "$1" | xargs -P 2 -I @ jose jws ver -i @.jws -k @.jwks -O -';

/** What another implementation of JOSE says: the `jti` of each that it looked at, and whether all were good. */
async function askJose(signed: readonly Signed[]): Promise<{ good: boolean; jtis: string[] }> {
  const folder = await mkdtemp(join(tmpdir(), 'jose-'));
  try {
    for (const [index, { jwks, token }] of signed.entries()) {
      writeFileSync(join(folder, `${index}.jwks`), jwks);
      writeFileSync(join(folder, `${index}.jws`), token);
    }
    const args = ['-c', verifyEach, 'sh', String(signed.length - 1)];
    const answer = await promisify(execFile)('sh', args, { cwd: folder, maxBuffer: 2 ** 26 }).then(
      ({ stdout }) => ({ good: true, stdout }),
      (error: { code: unknown; stdout: string }) => {
        // The one by which xargs says that some of its commands failed.
        if (error.code !== 123) throw error;
        return { good: false, stdout: error.stdout };
      },
    );
    const jtis = [...answer.stdout.matchAll(/"jti":"([^"]+)"/g)].map(([, jti]) => `${jti}`);
    return { good: answer.good, jtis: jtis.sort() };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
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
    t.strictSame(await askJose(signed), { good: true, jtis: signed.map(jtiOf).sort() });
  });

  await t.test('and not when one of them was spoilt', async (t) => {
    const [some, last] = [signed.slice(0, 20), signed[20] as Signed];
    const spoilt = { ...last, token: `${last.token.slice(0, -86)}${signatureOf(some[0] as Signed)}` };
    t.match(await askJose([...some, spoilt]), { good: false });
    t.match(
      await askJose([...some, { ...last, jwks: (some[0] as Signed).jwks }]),
      { good: false },
      'another key',
    );
    t.match(await askJose([...some, last]), { good: true });
  });
}
