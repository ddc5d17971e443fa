/**
 * Every operation of the authority with the parts that it works on: one line for each. The edges (HTTP, gRPC, the command
 * line) call these and nothing else.
 */
import { createCommonPasswords } from './authn/commonPasswords.ts';
import { createPasswordHasher } from './authn/passwordHash.ts';
import { createPasswordPolicy } from './authn/passwordPolicy.ts';
import { createUnknownEmails } from './authn/unknownEmails.ts';
import type { Config } from './config/config.ts';
import type { Clock } from './core/clock.ts';
import { AuthorityError } from './core/errors.ts';
import type { Sealing } from './core/sealing.ts';
import type { ReadTime } from './core/steadyTime.ts';
import { createAuthenticateService } from './flows/authenticateService.ts';
import { createChangePassword } from './flows/changePassword.ts';
import { createCheckRevocation } from './flows/checkRevocation.ts';
import type { Database } from './flows/database.ts';
import { createDeleteAccount } from './flows/deleteAccount.ts';
import { createDeleteUser } from './flows/deleteUser.ts';
import { createDisableUser } from './flows/disableUser.ts';
import { createEnableUser } from './flows/enableUser.ts';
import { createEndSession } from './flows/endSession.ts';
import { createIntrospect } from './flows/introspect.ts';
import { createListAudit } from './flows/listAudit.ts';
import { createListKeys } from './flows/listKeys.ts';
import { createListSessions } from './flows/listSessions.ts';
import { createLogin } from './flows/login.ts';
import { createLogout } from './flows/logout.ts';
import { createLogoutAll } from './flows/logoutAll.ts';
import { createLogoutOthers } from './flows/logoutOthers.ts';
import type { PasswordAttempts } from './flows/passwordAttempts.ts';
import { createRefresh, type RefreshParts } from './flows/refresh.ts';
import { createRegister } from './flows/register.ts';
import { createResealKeys } from './flows/resealKeys.ts';
import { createRestored, type RestoredParts } from './flows/restored.ts';
import { createRevoke } from './flows/revoke.ts';
import { createRevokeBudgets, type RevokeBudgetParts } from './flows/revokeBudgets.ts';
import { createRevokeKey } from './flows/revokeKey.ts';
import { createRotateKey } from './flows/rotateKey.ts';
import {
  createCreateService,
  createListServices,
  createRevokeService,
  createRotateServiceToken,
} from './flows/services.ts';
import { createUnlockUser } from './flows/unlockUser.ts';
import { createVerifyAudit } from './flows/verifyAudit.ts';
import { createWatchRevocations } from './flows/watchRevocations.ts';
import type { KeyPolicy } from './keys/keyPolicy.ts';
import type { KeyRing } from './keys/keyRing.ts';
import type { RingKeeper } from './keys/ringKeeper.ts';
import type { Log } from './observability/log.ts';
import type { Metrics } from './observability/metrics.ts';
import type { DenyList } from './revocation/denyList.ts';
import type { Edges } from './revocation/edges.ts';
import type { Effect } from './revocation/revocation.ts';
import type { RefreshTokens } from './sessions/refreshToken.ts';
import { createRefusalMemory } from './sessions/refusalMemory.ts';
import type { AccessTokenIssuer } from './tokens/accessToken.ts';
import type { AccessTokenReader } from './tokens/accessTokenReader.ts';

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
