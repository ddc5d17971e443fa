/**
 * One attempt to sign in: what the browser keeps from the start to the completion, in a cookie of its own, so that several tabs do not
 * disturb each other. Everything that the provider is sent is derived from it with a key of ours: only the browser that started an
 * attempt can end it, and nobody makes an attempt but us. Nothing is stored.
 */
import { randomBytes, timingSafeEqual } from 'node:crypto';
import type { IncomingHttpHeaders } from 'node:http';
import { decodeBase64url, encodeBase64url } from '@countersign/verifier/encoding';
import type { KeyedHash } from '../../platform/keyedHash.ts';
import { cookiesIn } from '../../transport/http/cookies.ts';
import { providerLimits } from './limits.ts';

/** Where the browser goes in the end: paths of this origin. */
export interface Destination {
  /** After our own page has completed the attempt. */
  readonly returnTo?: string | undefined;
  /** A page of the application that completes it: it gets the handle in the fragment. */
  readonly handleTo?: string | undefined;
}

export interface Attempt extends Destination {
  /** 256 random bits. */
  readonly secret: string;
  readonly provider: string;
  readonly startedAt: number;
  /** The one-time token of the wish to link; without it, the attempt signs in. */
  readonly link?: string | undefined;
}

/** What the provider is sent, and must send back or know. */
export interface AttemptSecrets {
  readonly state: string;
  readonly nonce: string;
  readonly verifier: string;
}

export interface StartedAttempt extends Attempt, AttemptSecrets {}

export interface Attempts {
  start(attempt: Omit<Attempt, 'secret'>): StartedAttempt;
  /** Value of `set-cookie` that keeps the attempt. */
  cookieOf(attempt: StartedAttempt): string;
  /** Undefined unless this browser started the attempt of this state, and it has not expired. */
  find(headers: IncomingHttpHeaders, state: string, now: number): StartedAttempt | undefined;
}

/** See `refreshCookieName`. `Lax`: the provider's redirect is a cross-site navigation. */
const cookiePrefix = '__Host-countersign-provider-';
const attributes = 'Path=/; Secure; HttpOnly; SameSite=Lax';
const maxAge = providerLimits.attemptMilliseconds / 1000;

export function createAttempts(keyedHash: KeyedHash): Attempts {
  const complete = (attempt: Attempt): StartedAttempt => {
    const derive = (what: string) => encodeBase64url(keyedHash(what, JSON.stringify(asList(attempt))));
    return { ...attempt, state: derive('state'), nonce: derive('nonce'), verifier: derive('verifier') };
  };
  return {
    start: (attempt) => complete({ ...attempt, secret: encodeBase64url(randomBytes(32)) }),

    cookieOf: (attempt) =>
      `${nameOf(attempt.state)}=${encodeBase64url(Buffer.from(JSON.stringify(asList(attempt))))}; Max-Age=${maxAge}; ${attributes}`,

    find(headers, state, now) {
      const [[, value] = [], ...others] = cookiesIn(headers).filter(([name]) => name === nameOf(state));
      const attempt = value === undefined || others.length > 0 ? undefined : fromCookie(value);
      if (attempt === undefined) return undefined;
      const found = complete(attempt);
      const age = now - found.startedAt;
      const isAlive = age > -providerLimits.attemptMilliseconds && age < providerLimits.attemptMilliseconds;
      return isAlive && isSame(found.state, state) ? found : undefined;
    },
  };
}

/** Clears the cookie. */
export function clearedCookie({ state }: Pick<AttemptSecrets, 'state'>): string {
  return `${nameOf(state)}=; Max-Age=0; ${attributes}`;
}

/** Clears the cookies of earlier attempts that leave no room for the next one. */
export function clearedCookies(headers: IncomingHttpHeaders, next: string): readonly string[] {
  const earlier = cookiesIn(headers).filter(([name]) => name.startsWith(cookiePrefix));
  const characters = earlier.reduce((sum, [name, value]) => sum + name.length + value.length, next.length);
  return characters <= providerLimits.attemptsCharacters
    ? []
    : earlier.map(([name]) => `${name}=; Max-Age=0; ${attributes}`);
}

/** The provider sees the whole state, so a part of it is no secret. */
function nameOf(state: string): string {
  return `${cookiePrefix}${state.slice(0, 16)}`;
}

function asList({ secret, provider, startedAt, returnTo, handleTo, link }: Attempt) {
  return [secret, provider, startedAt, returnTo ?? null, handleTo ?? null, link ?? null] as const;
}

/** Believed only once its state was compared. */
function fromCookie(value: string): Attempt | undefined {
  try {
    const read: unknown = JSON.parse(decodeBase64url(value)?.toString() ?? '');
    if (!Array.isArray(read)) return undefined;
    const [secret, provider, startedAt, returnTo, handleTo, link] = read as unknown as ReturnType<
      typeof asList
    >;
    const may = { returnTo: returnTo ?? undefined, handleTo: handleTo ?? undefined, link: link ?? undefined };
    return { secret, provider, startedAt, ...may };
  } catch {
    return undefined;
  }
}

function isSame(one: string, other: string): boolean {
  const [first, second] = [Buffer.from(one), Buffer.from(other)];
  return first.length === second.length && timingSafeEqual(first, second);
}
