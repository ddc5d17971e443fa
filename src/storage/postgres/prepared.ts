/**
 * Statements that a server connection prepares once: parsing and planning takes longer than finding a row by its key. Only for
 * fixed texts whose best plan does not depend on the parameters.
 */
import { Prisma } from './generated/client.ts';

const marked = /^\/\* prepared: (\w+) \*\//;

/** Put before a statement's text. Names must be unique. */
export function prepared(name: string): Prisma.Sql {
  return Prisma.raw(`/* prepared: ${name} */`);
}

/** The driver's name for a statement; empty for one parsed each time. */
export function statementName({ sql }: { readonly sql: string }): string {
  return marked.exec(sql)?.[1] ?? '';
}
