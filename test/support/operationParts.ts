/** What flows need that hand out tokens or end sessions, over a storage of the test's; and what they told whoever brings that into effect. */
import { randomBytes } from 'node:crypto';
import type { Clock } from '@countersign/verifier/clock';
import type { User } from '../../src/accounts/user.ts';
import type { Database } from '../../src/database.ts';
import { openFactors } from '../../src/login/factors/mount.ts';
import { createAskForFactor } from '../../src/login/factors/pendingLogin.ts';
import { loginLimits } from '../../src/login/limits.ts';
import { openPasskeys } from '../../src/login/passkeys/mount.ts';
import { createPasswordHasher } from '../../src/login/passwords/passwordHash.ts';
import { createProviderKind } from '../../src/login/providers/providerKind.ts';
import { createPasswordAttempts } from '../../src/login/throttling/passwordAttempts.ts';
import { createUnknownEmails } from '../../src/login/unknownEmails.ts';
import { createKeyedHash } from '../../src/platform/keyedHash.ts';
import { createLog } from '../../src/platform/observability/log.ts';
import { createMetrics } from '../../src/platform/observability/metrics.ts';
import { noRateLimits } from '../../src/platform/rateLimits.ts';
import { createRefreshTokens } from '../../src/sessions/refreshToken.ts';
import type { Storage } from '../../src/storage/postgres/storage.ts';
import { createAccessTokenIssuer } from '../../src/tokens/accessToken.ts';
import { ignoringContext } from './aSession.ts';
import { createKeyNodes, createToldEffect } from './keyNode.ts';
import { minute, newSession } from './rows.ts';
import { audience, issuer } from './tokenForge.ts';

export async function createOperationParts({ database }: Storage) {
  const { nodes, sealing, clock, look } = createKeyNodes(1);
  await look();
  const [{ keyRing, ringKeeper }] = nodes;
  const { effect } = createToldEffect();
  const { log, metrics } = { log: createLog('error', { write: () => {} }), metrics: createMetrics() };
  const notices = async () => {};
  const { kind: passkeyKind } = openPasskeys({
    ...{ database, clock, effect, issuer, log, metrics, notices, providerNames: [] },
  });
  const providerKind = createProviderKind(new Map(), { rpId: undefined, providers: [] });
  const kinds = { passkeyKind, providerKind, codeKinds: [] };
  const factors = openFactors({ database, clock, sealing, notices, log, ...kinds });
  return {
    ...{ database, clock, keyRing, ringKeeper },
    ...factors,
    askForFactor: createAskForFactor({ ...factors, database, clock, policy: 'offered', apiAudience: 'x' }),
    effect,
    refreshTokens: createRefreshTokens(sealing),
    passwords: createPasswordHasher(),
    passwordAttempts: passwordAttemptsOver(database, clock),
    unknownEmails: createUnknownEmails(),
    rateLimits: noRateLimits,
    notices,
    requireVerifiedEmail: false,
    contextPolicy: ignoringContext,
    onContextChange: () => {},
    denyList: { check: async () => ({ revoked: false, decidedBy: 'bloom' }) as const },
    accessTokens: createAccessTokenIssuer({ issuer, audience, accessTtlMs: 15 * minute }),
    ...{ refreshIdleTtlMs: 30 * minute, sessionMaxTtlMs: 90 * minute, sessionsPerUser: 100 },
  };
}

export type OperationParts = Awaited<ReturnType<typeof createOperationParts>>;

export function passwordAttemptsOver(database: Database, clock: Clock) {
  const keyedHash = createKeyedHash(randomBytes(32), 'test');
  const locksAfter = loginLimits.passwordFailuresMaximum;
  return createPasswordAttempts({ database, clock, keyedHash, locksAfter });
}

/** A session of now, and the refresh token of each of its generations. */
export async function newOpenSession(storage: Storage, { clock, refreshTokens }: OperationParts, user: User) {
  const id = await newSession(storage, user, clock.now());
  const session = { id, sealedSecret: refreshTokens.newSealedSecret(id) };
  await storage.database.sessions.reseal(session);
  return { id, token: (generation = 0) => refreshTokens.derive(session, generation) };
}

/** The parts with a database that counts its transactions, and runs them as the test says. */
export function withTransactions<Parts extends { database: Database }>(
  parts: Parts,
  transaction: Database['transaction'] = parts.database.transaction,
) {
  const transactions = { begun: 0 };
  const database: Database = {
    ...parts.database,
    transaction(work, options) {
      transactions.begun += 1;
      return transaction(work, options);
    },
  };
  return { transactions, parts: { ...parts, database } };
}
