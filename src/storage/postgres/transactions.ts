/** Builds the stores over Prisma, outside and inside a transaction, and translates their faults. */
import { AuthorityError } from '@countersign/verifier/errors';
import type { Database, Stores } from '../../database.ts';
import { createAdvisoryLocks } from './advisoryLocks.ts';
import { createAuditLog } from './auditLog.ts';
import { createAuditTrail } from './auditTrail.ts';
import { createConsentStore } from './consentStore.ts';
import type { Statements } from './driverStatements.ts';
import { isConflict, translateFault } from './faults.ts';
import type { Prisma, PrismaClient } from './generated/client.ts';
import { postgresLimits } from './limits.ts';
import { createLinkedIdentityStore } from './linkedIdentityStore.ts';
import { createLogoutStore } from './logoutStore.ts';
import { createOneTimeTokenStore } from './oneTimeTokenStore.ts';
import { createOutboxStore } from './outboxStore.ts';
import { createPasskeyStore } from './passkeyStore.ts';
import { createPasswordFailureStore } from './passwordFailureStore.ts';
import { createRecoveryCodeStore } from './recoveryCodeStore.ts';
import { createRefreshStore } from './refreshStore.ts';
import { createRequestStore } from './requestStore.ts';
import { createRevocationStore } from './revocationStore.ts';
import { createRightsStore } from './rightsStore.ts';
import { createServiceStore } from './serviceStore.ts';
import { createSessionStore } from './sessionStore.ts';
import { createSigningKeyStore } from './signingKeyStore.ts';
import { createTokenSessionStore } from './tokenSessionStore.ts';
import { createTotpStore } from './totpStore.ts';
import { createTruthStore } from './truthStore.ts';
import { createUsedIdStore } from './usedIdStore.ts';
import { createUserStore } from './userStore.ts';

/** The client, or one of its transactions. */
export type PrismaConnection = Prisma.TransactionClient;

/** `statements`: runs the prepared ones outside of transactions. */
export function createDatabase(prisma: PrismaClient, statements: Statements = prisma): Database {
  const translate = (error: unknown) => {
    throw translateFault(error);
  };
  const admit = createGate();
  const refreshes = createRefreshStore(prisma, statements);
  const logouts = createLogoutStore(statements);
  return {
    ...createStores(prisma, translate),
    sessions: guarded(createSessionStore(prisma, statements), translate),
    refreshes: guarded(
      {
        advance: (...use) => admit(() => refreshes.advance(...use)),
        repeat: (...use) => admit(() => refreshes.repeat(...use)),
        // Follows an admitted call.
        restamp: refreshes.restamp,
      },
      translate,
    ),
    logouts: guarded(
      { end: (...sessions) => admit(() => onceMoreAfterConflict(() => logouts.end(...sessions)), true) },
      translate,
    ),
    async transaction(work, { always = false } = {}) {
      const run = () => prisma.$transaction((connection) => work(createStores(connection, passOn)));
      return admit(() => onceMoreAfterConflict(run), always).catch(translate);
    },
  };
}

/** Refuses overload early: work that outlasts its caller is wasted and delays others. */
function createGate() {
  let underWay = 0;
  return async <T>(run: () => Promise<T>, always = false): Promise<T> => {
    if (!always && underWay >= postgresLimits.transactionsAtOnce)
      throw new AuthorityError('overloaded', { retryAfterSeconds: 1, reason: 'transactions' });
    underWay += 1;
    try {
      return await run();
    } finally {
      underWay -= 1;
    }
  };
}

/**
 * Single statements lock rows in one order, but a transaction may have several statements. Some servers report more than
 * deadlocks this way.
 */
async function onceMoreAfterConflict<T>(run: () => Promise<T>): Promise<T> {
  try {
    return await run();
  } catch (error) {
    if (!isConflict(error)) throw error;
    return run();
  }
}

/** Inside a transaction the first fault ends it; it is translated once, outside. */
function passOn(error: unknown): never {
  throw error;
}

function createStores(prisma: PrismaConnection, onFault: (error: unknown) => never): Stores {
  return {
    users: guarded(createUserStore(prisma), onFault),
    sessions: guarded(createSessionStore(prisma), onFault),
    tokenSessions: guarded(createTokenSessionStore(prisma), onFault),
    usedIds: guarded(createUsedIdStore(prisma), onFault),
    consents: guarded(createConsentStore(prisma), onFault),
    rights: guarded(createRightsStore(prisma), onFault),
    services: guarded(createServiceStore(prisma), onFault),
    signingKeys: guarded(createSigningKeyStore(prisma), onFault),
    revocations: guarded(createRevocationStore(prisma), onFault),
    requests: guarded(createRequestStore(prisma), onFault),
    passwordFailures: guarded(createPasswordFailureStore(prisma), onFault),
    passkeys: guarded(createPasskeyStore(prisma), onFault),
    linkedIdentities: guarded(createLinkedIdentityStore(prisma), onFault),
    oneTimeTokens: guarded(createOneTimeTokenStore(prisma), onFault),
    totpFactors: guarded(createTotpStore(prisma), onFault),
    recoveryCodes: guarded(createRecoveryCodeStore(prisma), onFault),
    outbox: guarded(createOutboxStore(prisma), onFault),
    refreshes: guarded(createRefreshStore(prisma), onFault),
    audit: guarded(createAuditTrail(prisma), onFault),
    auditLog: guarded(createAuditLog(prisma), onFault),
    advisoryLocks: guarded(createAdvisoryLocks(prisma), onFault),
    truth: guarded(createTruthStore(prisma), onFault),
  };
}

/** Wraps a store so that each method's fault goes to `onFault`. */
export function guarded<Store extends object>(store: Store, onFault: (error: unknown) => never): Store {
  const entries = Object.entries(store).map(([name, method]) => [
    name,
    async (...parameters: unknown[]) => {
      try {
        return await method(...parameters);
      } catch (error) {
        return onFault(error);
      }
    },
  ]);
  return Object.fromEntries(entries) as Store;
}
