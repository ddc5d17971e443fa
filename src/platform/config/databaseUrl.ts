/** `DATABASE_URL`: what of it is ours to read. Everything else of it is for the driver. */
import { isReadableFile, isUrl, type Kind } from './kinds.ts';

export const databaseUrl: Kind<string> = {
  form: 'a postgres:// or postgresql:// URL; with ?schema=NAME the tables lie in that schema, else in public',
  read: (text) => (isUrl(text, 'postgres', 'postgresql') ? text : undefined),
  broken: (url) => [
    schemaOf(url) === undefined
      ? 'name one schema in ?schema=: up to 63 bytes of letters, digits, _ and -, and not one of PostgreSQL itself'
      : undefined,
    tlsOf(url) === undefined
      ? 'have one of these as ?sslmode=: disable, no-verify, require, verify-ca, verify-full'
      : undefined,
    ['sslrootcert', 'sslcert', 'sslkey'].every((name) => isReadable(new URL(url).searchParams.get(name)))
      ? undefined
      : 'name readable files in ?sslrootcert=, ?sslcert= and ?sslkey=: they are PEM files of this machine',
  ],
};

const isReadable = (path: string | null) => path === null || isReadableFile(path);

/** The schema that `?schema=` names, `public` without it; undefined when that cannot be the name of one. */
export function schemaOf(databaseUrl: string): string | undefined {
  const [schema = 'public', ...others] = new URL(databaseUrl).searchParams.getAll('schema');
  // A name that PostgreSQL takes as it is: at most 63 bytes, and none of those it keeps for itself.
  const isName = /^(?!pg_)[\p{L}_][\p{L}\p{N}_$-]{0,62}$/u.test(schema) && Buffer.byteLength(schema) <= 63;
  return isName && others.length === 0 && schema !== 'information_schema' ? schema : undefined;
}

/**
 * `plaintext`; `unverified`: encrypted, to whoever answers; `verified`: the server's certificate must be valid for its host. What
 * libpq calls `require`, `verify-ca`, and what may fall back to plaintext there, is `verified`: anything less is no proof of who
 * answers.
 */
export type DatabaseTls = 'plaintext' | 'unverified' | 'verified';

const tlsModes = new Map<string, DatabaseTls>([
  ['disable', 'plaintext'],
  ['no-verify', 'unverified'],
  ...['allow', 'prefer', 'require', 'verify-ca', 'verify-full'].map((mode) => [mode, 'verified'] as const),
]);

/** Undefined when `?sslmode=` is none of PostgreSQL's, nor `no-verify`. */
export function tlsOf(databaseUrl: string): DatabaseTls | undefined {
  const { searchParams } = new URL(databaseUrl);
  const mode = searchParams.get('sslmode');
  if (mode !== null) return tlsModes.get(mode);
  const others = ['sslcert', 'sslkey', 'sslrootcert', 'sslnegotiation'];
  const wanted = ['1', 'true'].includes(searchParams.get('ssl') ?? '');
  return wanted || others.some((name) => searchParams.has(name)) ? 'verified' : 'plaintext';
}

/** The host, or the folder of a socket on this machine, as the driver takes it. */
export function databaseHost(databaseUrl: string): string {
  const { hostname, searchParams } = new URL(databaseUrl);
  return searchParams.get('host') ?? decodeURIComponent(hostname);
}

/** For the driver: the same, with the one mode that it keeps as it is and does not warn of. */
export function driverUrl(databaseUrl: string): string {
  if (tlsOf(databaseUrl) !== 'verified') return databaseUrl;
  const url = new URL(databaseUrl);
  url.searchParams.delete('uselibpqcompat');
  url.searchParams.set('sslmode', 'verify-full');
  return url.href;
}
