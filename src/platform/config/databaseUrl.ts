/** `DATABASE_URL`: the parts that we read. The driver reads the rest. */
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

/** The schema in `?schema=`, by default `public`; undefined for an invalid name. */
export function schemaOf(databaseUrl: string): string | undefined {
  const [schema = 'public', ...others] = new URL(databaseUrl).searchParams.getAll('schema');
  // A name PostgreSQL keeps unchanged: at most 63 bytes, and not reserved.
  const isName = /^(?!pg_)[\p{L}_][\p{L}\p{N}_$-]{0,62}$/u.test(schema) && Buffer.byteLength(schema) <= 63;
  return isName && others.length === 0 && schema !== 'information_schema' ? schema : undefined;
}

/**
 * `plaintext`; `unverified`: encrypted, but to anybody; `verified`: the server's certificate must be valid for its host. libpq's
 * `require`, `verify-ca` and modes that may fall back to plaintext count as `verified`: less would not prove the server's
 * identity.
 */
export type DatabaseTls = 'plaintext' | 'unverified' | 'verified';

const tlsModes = new Map<string, DatabaseTls>([
  ['disable', 'plaintext'],
  ['no-verify', 'unverified'],
  ...['allow', 'prefer', 'require', 'verify-ca', 'verify-full'].map((mode) => [mode, 'verified'] as const),
]);

/** Undefined when `?sslmode=` is neither one of PostgreSQL's nor `no-verify`. */
export function tlsOf(databaseUrl: string): DatabaseTls | undefined {
  const { searchParams } = new URL(databaseUrl);
  const mode = searchParams.get('sslmode');
  if (mode !== null) return tlsModes.get(mode);
  const others = ['sslcert', 'sslkey', 'sslrootcert', 'sslnegotiation'];
  const wanted = ['1', 'true'].includes(searchParams.get('ssl') ?? '');
  return wanted || others.some((name) => searchParams.has(name)) ? 'verified' : 'plaintext';
}

/** The host, or the folder of a local socket, as the driver takes it. */
export function databaseHost(databaseUrl: string): string {
  const { hostname, searchParams } = new URL(databaseUrl);
  return searchParams.get('host') ?? decodeURIComponent(hostname);
}

/** The URL for the driver, with the one verifying mode that it keeps and does not warn about. */
export function driverUrl(databaseUrl: string): string {
  if (tlsOf(databaseUrl) !== 'verified') return databaseUrl;
  const url = new URL(databaseUrl);
  url.searchParams.delete('uselibpqcompat');
  url.searchParams.set('sslmode', 'verify-full');
  return url.href;
}
