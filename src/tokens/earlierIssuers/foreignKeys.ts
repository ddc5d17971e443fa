/**
 * The public keys of an earlier issuer. Owns how old they may be and how often they are fetched. Keys of an issuer that no longer
 * answers are believed for as long as its last token may live; after that nothing can be proved, and the answer is
 * `unavailable`, not "inactive".
 */
import { readFile } from 'node:fs/promises';
import { type Clock, elapsedSince, type Moment, momentOf } from '@countersign/verifier/clock';
import { AuthorityError, StartupError } from '@countersign/verifier/errors';
import { createLocalJWKSet, type JSONWebKeySet } from 'jose';
import { tokenLimits } from '../limits.ts';
import type { EarlierIssuer } from './earlierIssuer.ts';

export type KeySet = ReturnType<typeof createLocalJWKSet>;

export interface ForeignKeys {
  /** Rejects with `unavailable` when there are none, or only ones that are too old. */
  current(): Promise<KeySet>;
  /**
   * For a token whose key is not in this set. Undefined when nothing new can have come. Rejects with `unavailable` when the
   * issuer did not answer: the key may exist.
   */
  after(set: KeySet): Promise<KeySet | undefined>;
}

export interface ForeignKeyParts {
  readonly issuer: EarlierIssuer;
  readonly clock: Clock;
  readonly onFault: (part: string, error: unknown) => void;
}

/** Throws `StartupError` for a file without keys. A URL is fetched when its keys are needed. */
export async function openForeignKeys(parts: ForeignKeyParts): Promise<ForeignKeys> {
  const { jwks } = parts.issuer;
  return 'path' in jwks ? ofFile(jwks.path) : ofUrl(jwks.url, parts);
}

async function ofFile(path: string): Promise<ForeignKeys> {
  try {
    const keys = keySetOf(await readFile(path, 'utf8'));
    return { current: async () => keys, after: async () => undefined };
  } catch (cause) {
    throw new StartupError(`EARLIER_ISSUERS: ${path} must hold a JWK Set: ${(cause as Error).message}`, {
      cause,
    });
  }
}

function ofUrl(url: string, { issuer, clock, onFault }: ForeignKeyParts): ForeignKeys {
  let held: { readonly keys: KeySet; readonly at: Moment } | undefined;
  let asked: { readonly at: Moment; readonly answer: Promise<KeySet> } | undefined;

  const fetchNow = (): Promise<KeySet> => {
    const at = momentOf(clock);
    const answer = fetchKeys(clock, url).then((keys) => {
      held = { keys, at };
      return keys;
    });
    asked = { at, answer };
    answer.catch((error) => onFault(`keys of ${issuer.issuer}`, error));
    return answer;
  };
  /** One question for all callers, at most once in that time. */
  const ask = (seldom: number): Promise<KeySet> =>
    asked === undefined || elapsedSince(asked.at, clock) >= seldom ? fetchNow() : asked.answer;
  const orUnavailable = (answer: Promise<KeySet>) =>
    answer.catch((cause) => {
      throw new AuthorityError('unavailable', { retryAfterSeconds: 1, reason: 'earlier_keys', cause });
    });

  return {
    async current() {
      const age = held === undefined ? Number.POSITIVE_INFINITY : elapsedSince(held.at, clock);
      if (held === undefined || age >= tokenLimits.earlierKeysBelievedMilliseconds)
        return orUnavailable(ask(tokenLimits.earlierKeysRetryMilliseconds));
      // Nobody waits for it: these keys are good enough.
      if (age >= tokenLimits.earlierKeysFreshMilliseconds)
        ask(tokenLimits.earlierKeysAgainMilliseconds).catch(() => {});
      return held.keys;
    },
    async after(before) {
      const keys = await orUnavailable(ask(tokenLimits.earlierKeysAgainMilliseconds));
      return keys === before ? undefined : keys;
    },
  };
}

async function fetchKeys(clock: Clock, url: string): Promise<KeySet> {
  const late = new AbortController();
  const cancel = clock.after(tokenLimits.earlierKeysMilliseconds, () => late.abort(new Error('too late')));
  try {
    // Only this URL was named as a place of keys.
    const headers = { accept: 'application/jwk-set+json, application/json' };
    const answer = await fetch(url, { redirect: 'error', signal: late.signal, headers });
    if (answer.status !== 200) throw new Error(`status ${answer.status}`);
    return keySetOf(await textOf(answer));
  } finally {
    cancel();
  }
}

async function textOf({ body }: Response): Promise<string> {
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of body as unknown as AsyncIterable<Uint8Array>) {
    bytes += chunk.length;
    if (bytes > tokenLimits.earlierKeysBytes) throw new Error('too large');
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}

function keySetOf(text: string): KeySet {
  const set = JSON.parse(text) as JSONWebKeySet;
  const keys = createLocalJWKSet(set);
  const { length } = set.keys;
  if (length > 0 && length <= tokenLimits.earlierKeys) return keys;
  throw new Error(`${length} keys; 1 to ${tokenLimits.earlierKeys} are allowed`);
}
