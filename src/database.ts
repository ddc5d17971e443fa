/**
 * The port to storage. A state change, its revocation rows and its audit event belong in one transaction; code that needs no
 * transaction reads directly through the same stores.
 */

import type { RevocationStore } from '@countersign/verifier/revocation/revocation';
import type { UserStore } from './accounts/user.ts';
import type { AuditTrail } from './audit/auditEvent.ts';
import type { AuditLog } from './audit/auditLog.ts';
import type { SigningKeyStore } from './keys/store.ts';
import type { RecoveryCodeStore } from './login/factors/recoveryCodeStore.ts';
import type { TotpStore } from './login/factors/totpStore.ts';
import type { PasskeyStore } from './login/passkeys/passkey.ts';
import type { LinkedIdentityStore } from './login/providers/linkedIdentity.ts';
import type { PasswordFailureStore } from './login/throttling/passwordFailures.ts';
import type { OutboxStore } from './notifications/outbox.ts';
import type { ConsentStore } from './oauth/authorization/consentStore.ts';
import type { UsedIdStore } from './oauth/usedIds.ts';
import type { OneTimeTokenStore } from './platform/oneTimeTokens.ts';
import type { RequestStore } from './revocation/idempotency.ts';
import type { RightsStore } from './rights/store.ts';
import type { ServiceStore } from './services/service.ts';
import type { LogoutStore } from './sessions/logoutStore.ts';
import type { RefreshStore } from './sessions/refreshStore.ts';
import type { SessionStore } from './sessions/store.ts';
import type { TokenSessionStore } from './sessions/tokenSession.ts';
import type { TruthStore } from './truth/sighting.ts';

export interface Stores {
  readonly users: UserStore;
  readonly sessions: SessionStore;
  readonly tokenSessions: TokenSessionStore;
  readonly usedIds: UsedIdStore;
  readonly consents: ConsentStore;
  readonly rights: RightsStore;
  readonly services: ServiceStore;
  readonly signingKeys: SigningKeyStore;
  readonly revocations: RevocationStore;
  readonly requests: RequestStore;
  readonly passwordFailures: PasswordFailureStore;
  readonly passkeys: PasskeyStore;
  readonly linkedIdentities: LinkedIdentityStore;
  readonly oneTimeTokens: OneTimeTokenStore;
  readonly totpFactors: TotpStore;
  readonly recoveryCodes: RecoveryCodeStore;
  readonly outbox: OutboxStore;
  /** Outside a transaction each call is its own. */
  readonly refreshes: RefreshStore;
  readonly audit: AuditTrail;
  readonly auditLog: AuditLog;
  readonly advisoryLocks: AdvisoryLocks;
  readonly truth: TruthStore;
}

/** Upkeep that only one node does at a time. */
export type UpkeepTask = 'sealing' | 'deleting_sessions' | 'deleting_events';

export interface AdvisoryLocks {
  /** True when no other node holds the task; this transaction then holds it until its end. Never waits. */
  take(task: UpkeepTask): Promise<boolean>;
}

export interface Database extends Stores {
  /** Behaves like a transaction with `always`. Do not call it inside one. */
  readonly logouts: LogoutStore;
  /**
   * Resolves only after the commit. When `work` throws, nothing is stored. When the connection is lost during the commit, this
   * rejects although the commit may have happened. After a deadlock, `work` runs once more in a new transaction. Rejects with
   * `overloaded` when too many transactions are open, except with `always`: upkeep is rare, and load must not keep it from
   * running.
   */
  transaction<T>(work: (stores: Stores) => Promise<T>, options?: { readonly always?: boolean }): Promise<T>;
}
