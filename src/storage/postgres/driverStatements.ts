/**
 * The few statements of refreshes and logouts, given to the driver directly: Prisma would translate each parameter and each column
 * of the answer twice, which costs the authority more than the statement does. Same pool, same connections, same faults. Not for
 * transactions, which belong to Prisma.
 */
import pg from 'pg';
import { Prisma } from './generated/client.ts';
import { statementName } from './prepared.ts';

/** Prisma's own, or the driver's. */
export interface Statements {
  $queryRaw<Rows>(text: TemplateStringsArray, ...values: unknown[]): Promise<Rows>;
}

/** As Prisma gives them, not as the driver does: `Uint8Array` and `bigint`. */
const ownParsers: Readonly<Record<number, (text: string) => unknown>> = {
  [pg.types.builtins.BYTEA]: (text) => new Uint8Array(Buffer.from(text.slice('\\x'.length), 'hex')),
  [pg.types.builtins.INT8]: BigInt,
};

const types = {
  getTypeParser: ((oid: number) =>
    ownParsers[oid] ?? pg.types.getTypeParser(oid)) as typeof pg.types.getTypeParser,
};

/** Every statement must be `prepared`. */
export function createDriverStatements(pool: Pick<pg.Pool, 'query'>): Statements {
  return {
    async $queryRaw<Rows>(text: TemplateStringsArray, ...values: unknown[]) {
      const statement = Prisma.sql(text, ...values);
      // On the same connection Prisma may have prepared it, with types of its own.
      const name = `driver_${statementName(statement)}`;
      const { rows } = await pool.query({ name, text: statement.text, values: statement.values, types });
      return rows as Rows;
    },
  };
}
