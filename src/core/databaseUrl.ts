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
