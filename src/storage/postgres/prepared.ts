/**
 * Statements that a connection to a server prepares once, and then only runs: parsing and planning takes longer than finding a row by
 * its key. Only for those whose best plan is the same whatever their parameters are, and whose text never changes.
 */
import { Prisma } from './generated/client.ts';

const marked = /^\/\* prepared: (\w+) \*\//;

/** To be put before the text of a statement. No two may have one name. */
export function prepared(name: string): Prisma.Sql {
  return Prisma.raw(`/* prepared: ${name} */`);
}

/** The name that the driver gives to a statement; empty for one that is parsed each time. */
export function statementName({ sql }: { readonly sql: string }): string {
  return marked.exec(sql)?.[1] ?? '';
}
