/** The issuers whose tokens are still accepted, as the file that EARLIER_ISSUERS names says. */
import { readFile } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { StartupError } from '@countersign/verifier/errors';
import { isLoopback } from '../../platform/config/issuer.ts';
import { tokenLimits } from '../limits.ts';

/** Only signatures that a holder of the public key cannot make. */
export const earlierAlgorithms = ['ES256', 'RS256', 'PS256', 'EdDSA'] as const;
export type EarlierAlgorithm = (typeof earlierAlgorithms)[number];

export interface EarlierIssuer {
  /** Exact value of `iss`. */
  readonly issuer: string;
  readonly jwks: { readonly url: string } | { readonly path: string };
  /** One value of `aud`; undefined: only tokens without `aud`. */
  readonly audience: string | undefined;
  readonly algorithms: readonly EarlierAlgorithm[];
  /** From then on no token of it is accepted. Milliseconds since the Unix epoch. */
  readonly until: number;
}

/** Throws `StartupError` with one line for each fault. */
export async function readEarlierIssuers(path: string, ownIssuer: string): Promise<readonly EarlierIssuer[]> {
  const faults: string[] = [];
  const refuse = (where: string, rule: string) => void faults.push(`EARLIER_ISSUERS: ${where}must ${rule}`);
  const entries = await entriesOf(path);
  if (entries === undefined || entries.length > tokenLimits.earlierIssuers)
    refuse('', `name a file with a JSON array of at most ${tokenLimits.earlierIssuers} issuers`);
  const issuers = (entries ?? []).map((entry, index) => {
    const at = (field: string) => `issuer ${index + 1}: ${field}: `;
    for (const [field, rule] of brokenRules(entry, ownIssuer)) refuse(at(field), rule);
    return faults.length > 0 ? [] : [issuerOf(entry, dirname(path))];
  });
  const named = issuers.flat();
  if (new Set(named.map(({ issuer }) => issuer)).size < named.length) refuse('', 'name each issuer once');
  if (faults.length > 0) throw new StartupError(faults.join('\n'));
  return named;
}

type Entry = Readonly<Record<string, unknown>>;

async function entriesOf(path: string): Promise<readonly Entry[] | undefined> {
  try {
    const value = JSON.parse((await readFile(path, 'utf8')).replace(/^\uFEFF/, '')) as unknown;
    const isObject = (each: unknown) => typeof each === 'object' && each !== null && !Array.isArray(each);
    return Array.isArray(value) && value.every(isObject) ? value : undefined;
  } catch {
    return undefined;
  }
}

const fields = ['issuer', 'jwks', 'audience', 'algorithms', 'until'];
const word = /^[!-~]{1,255}$/;
const time = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/;

function brokenRules(entry: Entry, ownIssuer: string): readonly (readonly [field: string, rule: string])[] {
  const { issuer, jwks, audience, algorithms, until } = entry;
  const isWord = (value: unknown) => typeof value === 'string' && word.test(value);
  const form = 'be 1–255 printable ASCII characters without spaces';
  const broken: (readonly [boolean, string, string])[] = [
    ...Object.keys(entry).map(
      (name) => [!fields.includes(name), name, `be one of ${fields.join(', ')}`] as const,
    ),
    [!isWord(issuer), 'issuer', form],
    [issuer === ownIssuer, 'issuer', 'not be ISSUER: our own tokens are known'],
    [!isJwks(jwks), 'jwks', 'be an https URL (http only on a loopback host) or the path of a file'],
    [audience !== undefined && !isWord(audience), 'audience', form],
    [!isAlgorithms(algorithms), 'algorithms', `be a list of ${earlierAlgorithms.join(', ')}`],
    [
      typeof until !== 'string' || !time.test(until) || Number.isNaN(Date.parse(until)),
      'until',
      'be a time as 2030-01-31T12:00:00Z',
    ],
  ];
  return broken.filter(([isBroken]) => isBroken).map(([, field, rule]) => [field, rule]);
}

function isJwks(value: unknown): boolean {
  if (typeof value !== 'string' || value === '') return false;
  if (!value.includes('://')) return true;
  if (!URL.canParse(value)) return false;
  const { protocol, hostname, username, password, hash } = new URL(value);
  if (username !== '' || password !== '' || hash !== '') return false;
  return protocol === 'https:' || (protocol === 'http:' && isLoopback(hostname));
}

function isAlgorithms(value: unknown): boolean {
  const isOne = (each: unknown) => earlierAlgorithms.some((algorithm) => algorithm === each);
  return Array.isArray(value) && value.length > 0 && value.every(isOne);
}

/** Of an entry without faults. */
function issuerOf(entry: Entry, folder: string): EarlierIssuer {
  const { issuer, jwks, audience, algorithms, until } = entry as Record<string, string>;
  const place = String(jwks);
  return {
    issuer: String(issuer),
    jwks: place.includes('://') ? { url: place } : { path: resolve(folder, place) },
    audience,
    algorithms: algorithms as unknown as readonly EarlierAlgorithm[],
    until: Date.parse(String(until)),
  };
}
