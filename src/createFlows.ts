/**
 * Every operation of the authority with the parts that it works on: one line for each. The edges (HTTP, gRPC, the command
 * line) call these and nothing else.
 */

import type { Clock } from '@countersign/verifier/clock';
import { AuthorityError } from '@countersign/verifier/errors';
import type { DenyList } from '@countersign/verifier/revocation/denyList';
import type { Effect } from '@countersign/verifier/revocation/revocation';
import type { ReadTime } from '@countersign/verifier/steadyTime';
import type { AccessTokenReader } from '@countersign/verifier/tokens/accessTokenReader';
import { createChangePassword } from './accounts/changePassword.ts';
import { createDeleteAccount } from './accounts/deleteAccount.ts';
import { createDeleteUser } from './accounts/deleteUser.ts';
import { createDisableUser } from './accounts/disableUser.ts';
import { createEnableUser } from './accounts/enableUser.ts';
import { createRegister } from './accounts/register.ts';
import { createUnlockUser } from './accounts/unlockUser.ts';
import { createListAudit } from './audit/listAudit.ts';
import { createVerifyAudit } from './audit/verifyAudit.ts';
import type { Database } from './database.ts';
import type { KeyPolicy } from './keys/keyPolicy.ts';
import type { KeyRing } from './keys/keyRing.ts';
import { createListKeys } from './keys/listKeys.ts';
import { createResealKeys } from './keys/resealKeys.ts';
import { createRevokeKey } from './keys/revokeKey.ts';
import type { RingKeeper } from './keys/ringKeeper.ts';
import { createRotateKey } from './keys/rotateKey.ts';
import { createLogin } from './login/login.ts';
import { createCommonPasswords } from './login/passwords/commonPasswords.ts';
import { createPasswordHasher } from './login/passwords/passwordHash.ts';
import { createPasswordPolicy } from './login/passwords/passwordPolicy.ts';
import type { PasswordAttempts } from './login/throttling/passwordAttempts.ts';
import { createUnknownEmails } from './login/unknownEmails.ts';
import type { Config } from './platform/config/config.ts';
import type { Log } from './platform/observability/log.ts';
import type { Metrics } from './platform/observability/metrics.ts';
import type { Sealing } from './platform/sealing.ts';
import { createRevoke } from './revocation/revoke.ts';
import { createRevokeBudgets, type RevokeBudgetParts } from './revocation/revokeBudgets.ts';
import type { Edges } from './revocation/subscribers/subscribers.ts';
import { createWatchRevocations } from './revocation/subscribers/watchRevocations.ts';
import { createAuthenticateService } from './services/authenticateService.ts';
import {
  createCreateService,
  createListServices,
  createRevokeService,
  createRotateServiceToken,
} from './services/services.ts';
import { createEndSession } from './sessions/endSession.ts';
import { createListSessions } from './sessions/listSessions.ts';
import { createLogout } from './sessions/logout.ts';
import { createLogoutAll } from './sessions/logoutAll.ts';
import { createLogoutOthers } from './sessions/logoutOthers.ts';
import { createRefresh, type RefreshParts } from './sessions/refresh.ts';
import type { RefreshTokens } from './sessions/refreshToken.ts';
import { createRefusalMemory } from './sessions/refusalMemory.ts';
import type { AccessTokenIssuer } from './tokens/accessToken.ts';
import { createCheckRevocation } from './tokens/checkRevocation.ts';
import { createIntrospect } from './tokens/introspect.ts';
import { createRestored, type RestoredParts } from './truth/restored.ts';

export interface FlowParts {
  readonly config: Pick<Config, 'sessions' | 'registration' | 'audit'>;
  readonly clock: Clock;
  readonly log: Log;
  readonly metrics: Metrics;
  /** By which expiry is judged. */
  readonly latestTime: ReadTime;
  readonly database: Database;
  readonly sealing: Sealing;
  readonly effect: Effect;
  readonly denyList: DenyList;
  readonly edges: Edges;
  readonly policy: KeyPolicy;
  readonly keyRing: KeyRing;
  readonly ringKeeper: RingKeeper;
  readonly accessTokens: AccessTokenIssuer;
  readonly accessTokenReader: AccessTokenReader;
  readonly refreshTokens: RefreshTokens;
  readonly passwordAttempts: PasswordAttempts;
  readonly rateLimits: RevokeBudgetParts['rateLimits'];
  /** The operator's decision about a database that was put back. */
  readonly decide: RestoredParts['decide'];
}

export function createFlows(parts: FlowParts) {
  const { config, clock, log, metrics, database, sealing, effect, edges, denyList } = parts;
  const { policy, keyRing, ringKeeper, accessTokens, accessTokenReader, refreshTokens, latestTime } = parts;
  const { refreshIdleTtlMs, maxTtlMs: sessionMaxTtlMs, refreshGraceMs, replayEnds } = config.sessions;
  const { perUser: sessionsPerUser, onSignal: contextPolicy } = config.sessions;
  const { registration } = config;
  const passwords = createPasswordHasher();
  const proving = { database, clock, passwords, passwordAttempts: parts.passwordAttempts };
  const passwordPolicy = createPasswordPolicy({ commonPasswords: createCommonPasswords() });
  metrics.gauge('countersign_password_hashes_waiting', 'Password hashes in the queue.', passwords.waiting);
  const tokens = { accessTokens, refreshTokens, keyRing, ringKeeper, denyList };
  const reading = { accessTokenReader, ringKeeper, denyList, latestTime };
  const ending = { database, effect, clock };
  const counted = countingFailures(metrics);
  const { rateLimits } = parts;
  const spendRevokeBudget = createRevokeBudgets({ rateLimits, onUsedUp: tellOfUsedUpBudget(log, metrics) });
  const keys = { database, sealing, policy, keyRing, ringKeeper };
  return {
    register: createRegister({ ...proving, passwordPolicy, registration }),
    login: createLogin({
      ...tokens,
      ...ending,
      ...proving,
      refreshIdleTtlMs,
      sessionMaxTtlMs,
      sessionsPerUser,
      unknownEmails: createUnknownEmails(),
    }),
    refresh: createRefresh({
      ...tokens,
      ...ending,
      refreshGraceMs,
      refreshIdleTtlMs,
      replayEnds,
      contextPolicy,
      refusals: createRefusalMemory(),
      onContextChange: tellOfContextChange(log, metrics),
      onTheft: (sessionId, rule) =>
        log.warn({ session_id: sessionId, rule }, 'a refresh token came from two parties'),
    }),
    logout: counted(createLogout({ ...ending, ...reading, refreshTokens })),
    logoutAll: counted(createLogoutAll(ending)),
    logoutOthers: counted(createLogoutOthers(ending)),
    changePassword: counted(createChangePassword({ ...ending, ...proving, passwordPolicy, refreshTokens })),
    listSessions: createListSessions({ database, clock }),
    endSession: counted(createEndSession(ending)),
    disableUser: counted(createDisableUser({ ...ending, spendRevokeBudget })),
    enableUser: createEnableUser({ database, clock }),
    deleteUser: counted(createDeleteUser({ ...ending, ...proving, spendRevokeBudget })),
    unlockUser: createUnlockUser(proving),
    deleteAccount: counted(createDeleteAccount({ ...ending, ...proving })),
    revoke: counted(createRevoke({ ...ending, ...reading, spendRevokeBudget })),
    restored: counted(createRestored({ ...ending, decide: parts.decide })),
    introspect: createIntrospect({ ...reading, audience: accessTokens.audiences[0] }),
    introspectAccount: createIntrospect({ ...reading, audience: accessTokens.audiences[1] }),
    checkRevocation: createCheckRevocation({ denyList }),
    authenticateService: createAuthenticateService({ database, clock, latestTime }),
    createService: createCreateService({ database, clock }),
    listServices: createListServices({ database }),
    rotateServiceToken: createRotateServiceToken({ database, clock }),
    revokeService: createRevokeService({ database, clock }),
    listKeys: createListKeys({ database }),
    watchRevocations: createWatchRevocations({ edges, keyRing }),
    rotateKey: createRotateKey(keys),
    revokeKey: counted(createRevokeKey({ ...keys, ...ending })),
    resealKeys: createResealKeys({ database, sealing, refreshTokens, clock }),
    listAudit: createListAudit({ database }),
    verifyAudit: createVerifyAudit({ database, retentionMs: config.audit.retentionMs }),
  };
}

export type Flows = ReturnType<typeof createFlows>;

/** Lines for a password: nothing was to be taken back yet. */
const beforeAnything = new Set<string | undefined>([
  ...['password_queue_full', 'password_attempts_full', 'password_contention', 'turns_full'],
]);

/** Of what takes something back: each that could not be answered as done. It may be done, and in effect, all the same. */
function countingFailures({ effectFailure }: Pick<Metrics, 'effectFailure'>) {
  return <Parameters extends unknown[], Result>(flow: (...parameters: Parameters) => Promise<Result>) =>
    async (...parameters: Parameters): Promise<Result> => {
      try {
        return await flow(...parameters);
      } catch (error) {
        if (!(error instanceof AuthorityError)) effectFailure('internal');
        else if (['unavailable', 'overloaded'].includes(error.code) && !beforeAnything.has(error.reason))
          effectFailure(error.reason ?? error.code);
        throw error;
      }
    };
}

/** Each signal is counted; those that somebody should see now are in the log, too. */
function tellOfContextChange(log: Log, metrics: Metrics): RefreshParts['onContextChange'] {
  return (sessionId, { signals, score, action }) => {
    for (const signal of signals) metrics.contextSignal(signal, action);
    if (action === 'notify' || action === 'end')
      log.warn({ session_id: sessionId, signals, score, action }, 'the context of a session has changed');
  };
}

/** Each is counted; the first one of a minute is in the log. */
function tellOfUsedUpBudget(log: Log, metrics: Metrics): RevokeBudgetParts['onUsedUp'] {
  return (service, budget, first) => {
    metrics.revokeBudgetUsedUp(service, budget);
    if (first) log.warn({ service, budget }, 'a service takes back more than its budget');
  };
}
