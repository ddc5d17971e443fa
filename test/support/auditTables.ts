/** The tables of the audit log, as somebody sees them who owns the database and means no good. */
import type { AuditEvent } from '../../src/audit/auditEvent.ts';
import { sealEvents } from '../../src/audit/chain.ts';
import { auditLimits } from '../../src/audit/limits.ts';
import { createVerifyAudit, type VerifyAudit } from '../../src/audit/verifyAudit.ts';
import type { Database } from '../../src/database.ts';
import type { SqlConnection } from '../../src/storage/postgres/engine.ts';
import { eventually } from './eventually.ts';

export const day = 24 * 60 * 60_000;
/** AUDIT_RETENTION, unless it is set. */
export const auditRetentionMs = 400 * day;

/** For tests of what becomes of events, whatever they tell. */
export const anEvent: AuditEvent = { type: 'login_failed', actor: { name: 'user' } };

export function verifierOf({ database }: { readonly database: Pick<Database, 'auditLog'> }): VerifyAudit {
  return createVerifyAudit({ database, retentionMs: auditRetentionMs });
}

const tables = ['audit_events', 'audit_seals'];

/** Does it as only the owner of the tables can: past what makes them append-only. */
export function tamper(sql: Pick<SqlConnection, 'execute'>, script: string): Promise<unknown> {
  const guards = (state: string) =>
    tables.map((table) => `ALTER TABLE ${table} ${state} TRIGGER ${table}_append_only;`).join('\n');
  return sql.execute(`BEGIN; ${guards('DISABLE')} ${script}; ${guards('ENABLE ALWAYS')} COMMIT`);
}

/** Answers how to make both tables again what they are now. */
export async function keepAuditTables(sql: Pick<SqlConnection, 'execute'>): Promise<() => Promise<unknown>> {
  const each = (statement: (table: string) => string) => tables.map(statement).join('\n');
  await sql.execute(
    each((table) => `DROP TABLE IF EXISTS kept_${table}; CREATE TABLE kept_${table} AS TABLE ${table};`),
  );
  return () =>
    tamper(
      sql,
      each((table) => `DELETE FROM ${table}; INSERT INTO ${table} SELECT * FROM kept_${table};`),
    );
}

/**
 * Makes a seal as it would have been made at another time. What was written can be sealed when nobody has an older transaction open,
 * other tests on the same server included.
 */
export async function sealAsOf(database: Database, sealedAt: number): Promise<void> {
  const seal = () =>
    database.transaction(async ({ auditLog }) => {
      const { head, unsealed } = await auditLog.chainEnd();
      for (const range of unsealed) {
        const [first, ...others] = await auditLog.readUnsealed(range, auditLimits.auditSealEvents);
        if (first === undefined) continue;
        await auditLog.addSeal(sealEvents(head, range.after, [first, ...others], sealedAt));
        return true;
      }
      return false;
    });
  await eventually('there is something to seal', seal);
}
