/** PostgreSQL as users have it. Tests have one that forgets: there a commit costs nothing. */
import type { PostgresSettings } from '../test/support/postgres.ts';

export const durable: PostgresSettings = { fsync: 'on', full_page_writes: 'on', autovacuum: 'on' };
