/**
 * The port through which flows reach what is stored. A state change, its revocation rows and its audit event belong
 * into one transaction; what needs no transaction reads through the same stores directly.
 */

import type { RevocationStore } from '@countersign/verifier/revocation/revocation';
import type { UserStore } from './accounts/user.ts';
import type { AuditTrail } from './audit/auditEvent.ts';
import type { AuditLog } from './audit/auditLog.ts';
import type { SigningKeyStore } from './keys/store.ts';
import type { PasswordFailureStore } from './login/throttling/passwordFailures.ts';
import type { RequestStore } from './revocation/idempotency.ts';
import type { ServiceStore } from './services/service.ts';
import type { LogoutStore } from './sessions/logoutStore.ts';
import type { RefreshStore } from './sessions/refreshStore.ts';
import type { SessionStore } from './sessions/store.ts';
import type { TruthStore } from './truth/sighting.ts';

export interface Stores {
  readonly users: UserStore;
  readonly sessions: SessionStore;
  readonly services: ServiceStore;
  readonly signingKeys: SigningKeyStore;
  readonly revocations: RevocationStore;
  readonly requests: RequestStore;
  readonly passwordFailures: PasswordFailureStore;
  readonly audit: AuditTrail;
  readonly auditLog: AuditLog;
  readonly advisoryLocks: AdvisoryLocks;
  readonly truth: TruthStore;
}

/** What only one node does at a time. */
export type UpkeepTask = 'sealing' | 'deleting_sessions' | 'deleting_events';

export interface AdvisoryLocks {
  /** Whether nobody else does it until the end of this transaction. Waits for nobody. */
  take(task: UpkeepTask): Promise<boolean>;
}

export interface Database extends Stores {
  /** Refuses as `transaction` does. Not for use in one: each of its uses is one. */
  readonly refreshes: RefreshStore;
  /** As a transaction that is `always` let in. Not for use in one. */
  readonly logouts: LogoutStore;
  /**
   * Resolves only after the commit. When the work throws, nothing of it is stored. When the commit's own outcome is
   * unknown (the connection was lost), this rejects although the work may have been stored. When the database ended the
   * transaction because it and another one waited for each other, the work is run once more, in a new one. Rejects with
   * `overloaded` when many are under way, unless it is `always` let in: of upkeep there is little at once, and no
   * number of requests may keep it from being done.
   */
  transaction<T>(work: (stores: Stores) => Promise<T>, options?: { readonly always?: boolean }): Promise<T>;
}
