/** `DATABASE_URL`: what of it is ours to read. Everything else of it is for the driver. */

/** Where tables lie when the URL names no schema. */
const defaultSchema = 'public';

/** A name that PostgreSQL takes as it is: at most 63 bytes, and none of those it keeps for itself. */
const schemaName = /^(?!pg_)[\p{L}_][\p{L}\p{N}_$-]{0,62}$/u;

/** The schema that `?schema=` names, `public` without it; undefined when that cannot be the name of one. */
export function schemaOf(databaseUrl: string): string | undefined {
  const named = new URL(databaseUrl).searchParams.getAll('schema');
  if (named.length > 1) return undefined;
  const [schema = defaultSchema] = named;
  const isName = schemaName.test(schema) && Buffer.byteLength(schema) <= 63;
  return isName && schema !== 'information_schema' ? schema : undefined;
}

/**
 * `plaintext`; `unverified`: encrypted, to whoever answers; `verified`: the server's certificate must be valid for its host. What
 * libpq calls `require`, `verify-ca`, and what may fall back to plaintext there, is `verified`: anything less is no proof of who
 * answers.
 */
export type DatabaseTls = 'plaintext' | 'unverified' | 'verified';

const tlsOfMode: Readonly<Record<string, DatabaseTls>> = {
  disable: 'plaintext',
  'no-verify': 'unverified',
  allow: 'verified',
  prefer: 'verified',
  require: 'verified',
  'verify-ca': 'verified',
  'verify-full': 'verified',
};

/** Undefined when `?sslmode=` is none of PostgreSQL's, nor `no-verify`. */
export function tlsOf(databaseUrl: string): DatabaseTls | undefined {
  const { searchParams } = new URL(databaseUrl);
  const mode = searchParams.get('sslmode');
  if (mode !== null) return tlsOfMode[mode];
  const others = ['sslcert', 'sslkey', 'sslrootcert', 'sslnegotiation'];
  const wanted = ['1', 'true'].includes(searchParams.get('ssl') ?? '');
  return wanted || others.some((name) => searchParams.has(name)) ? 'verified' : 'plaintext';
}

/** The files of `?sslrootcert=`, `?sslcert=` and `?sslkey=`. */
export function tlsFilesOf(databaseUrl: string): readonly string[] {
  const { searchParams } = new URL(databaseUrl);
  return ['sslrootcert', 'sslcert', 'sslkey'].flatMap((name) => searchParams.get(name) ?? []);
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
