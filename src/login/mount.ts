/**
 * Login: proving who a user is, and starting the session. Owns passwords (`passwords/`), passkeys (`passkeys/`), codes that are
 * sent (`codes/`), other providers (`providers/`), second factors (`factors/`) and the limits on guessing (`throttling/`). Does not own users (`accounts/`) or the
 * session after its start (`sessions/`).
 */
import type { Clock } from '@countersign/verifier/clock';
import { createEarliestTime } from '@countersign/verifier/steadyTime';
import type { Database } from '../database.ts';
import type { Config } from '../platform/config/config.ts';
import { type Job, pruningJob } from '../platform/jobs.ts';
import { createKeyedHash } from '../platform/keyedHash.ts';
import type { Metrics } from '../platform/observability/metrics.ts';
import type { SignalAction } from '../sessions/context.ts';
import { sessionLimits } from '../sessions/limits.ts';
import { lifetimesOf } from '../sessions/storeSession.ts';
import { type CodeMountParts, mountCodes } from './codes/mount.ts';
import { type FactorMountParts, mountFactors } from './factors/mount.ts';
import { loginRoute } from './http.ts';
import { loginLimits } from './limits.ts';
import { createLogin, type LoginParts } from './login.ts';
import { mountPasskeys, type PasskeyMountParts } from './passkeys/mount.ts';
import { noBreachedPasswords, openBreachedPasswords } from './passwords/breachedPasswords.ts';
import { createCommonPasswords } from './passwords/commonPasswords.ts';
import { createPasswordHasher, type PasswordHashing } from './passwords/passwordHash.ts';
import { createPasswordPolicy } from './passwords/passwordPolicy.ts';
import { mountProviders, type ProviderMountParts } from './providers/mount.ts';
import { signInRoutes } from './signIn/http.ts';
import { createPasswordAttempts, prunePasswordFailures } from './throttling/passwordAttempts.ts';
import { createUnknownEmails } from './unknownEmails.ts';

/** Password verification, for a login and for operations that ask for the password again. */
export async function openPasswords(parts: {
  readonly database: Database;
  readonly clock: Clock;
  readonly metrics: Metrics;
  /** Must be equal on every node. */
  readonly keyEncryptionKey: Uint8Array;
  readonly config: Config['passwords'];
  /** With `end`, so many refusals lock the account. */
  readonly onManyRefusals: SignalAction;
  /** Tests pass a cheaper one. */
  readonly hashing: PasswordHashing | undefined;
}) {
  const { database, clock, metrics, keyEncryptionKey, config, hashing } = parts;
  const { minimumCharacters, breachedPath } = config;
  const breachedPasswords =
    breachedPath === undefined ? noBreachedPasswords : await openBreachedPasswords(breachedPath);
  const passwords = createPasswordHasher(hashing);
  metrics.gauge('countersign_password_hashes_waiting', 'Password hashes in the queue.', passwords.waiting);
  const locksAfter =
    parts.onManyRefusals === 'end' ? sessionLimits.manyRefusals : loginLimits.passwordFailuresMaximum;
  const keyedHash = createKeyedHash(keyEncryptionKey, 'password-failures');
  return {
    passwords,
    passwordPolicy: createPasswordPolicy({
      ...{ minimumCharacters, breachedPasswords, commonPasswords: createCommonPasswords() },
    }),
    passwordAttempts: createPasswordAttempts({ database, clock, keyedHash, locksAfter }),
  };
}

export interface LoginMountParts
  extends Omit<LoginParts, 'unknownEmails' | 'askForFactor' | FromConfig>,
    Omit<FactorMountParts, FromConfig>,
    Omit<PasskeyMountParts, FromConfig>,
    Omit<CodeMountParts, 'unknownEmails' | 'askForFactor' | FromConfig>,
    Omit<ProviderMountParts, 'askForFactor' | FromConfig> {
  readonly config: Config['sessions'];
  readonly metrics: Metrics;
  readonly passwordAttempts: LoginParts['passwordAttempts'];
  readonly rateLimits: LoginParts['rateLimits'];
  readonly requireRecentProof: FactorMountParts['requireRecentProof'];
}

type FromConfig = 'refreshIdleTtlMs' | 'sessionMaxTtlMs' | 'sessionsPerUser' | 'contextPolicy';

export function mountLogin({ config, ...given }: LoginMountParts) {
  const parts = {
    ...given,
    ...lifetimesOf(config),
    contextPolicy: config.onSignal,
  };
  const factors = mountFactors(parts);
  const { askForFactor } = factors;
  const passkeys = mountPasskeys(parts);
  const first = { ...parts, askForFactor, unknownEmails: createUnknownEmails() };
  const login = createLogin(first);
  const codes = mountCodes(first);
  const providers = mountProviders(first);
  const { listProviders } = providers;
  const { origin } = new URL(parts.issuer);
  const offers = {
    passkeys: parts.relyingParty !== undefined,
    registration: parts.registration === 'open',
  };
  const signIn = signInRoutes({ ...factors.signIn, login, listProviders, origin, offers });
  return {
    operations: { login, ...factors.operations },
    routes: [
      ...[loginRoute(login), signIn, ...factors.routes, ...passkeys.routes, ...codes.routes],
      ...providers.routes,
    ],
    jobs: [oldFailuresJob(parts), ...factors.jobs],
  };
}

export function oldFailuresJob({
  database,
  clock,
  metrics,
}: Pick<LoginMountParts, 'database' | 'clock' | 'metrics'>): Job {
  const earliestTime = createEarliestTime(clock);
  return pruningJob({
    name: 'old_password_failures',
    prune: (rows) => prunePasswordFailures(database, earliestTime(), rows),
    onDeleted: (rows) => metrics.deleted('password_failures', rows),
  });
}
