/**
 * The composition root: it opens storage, mounts each slice with exactly the parts it takes, then opens the transports. Read it
 * from top to bottom to see the whole system. A logout is `sessions/logout.ts`; it revokes through
 * `revocation/propagation/revokeAndPropagate.ts`, which resolves when every node and every guard knows.
 */
import { mountAccounts } from './accounts/mount.ts';
import { mountAudit } from './audit/mount.ts';
import { cacheable } from './keys/http.ts';
import { mountKeys, openKeyRing } from './keys/mount.ts';
import { createLifecycle, type Lifecycle } from './lifecycle.ts';
import { openCodes } from './login/codes/mount.ts';
import { openFactors } from './login/factors/mount.ts';
import { stopUntoldReset } from './login/factors/reset/stopReset.ts';
import { mountLogin, openPasswords } from './login/mount.ts';
import { openPasskeys } from './login/passkeys/mount.ts';
import type { PasswordHashing } from './login/passwords/passwordHash.ts';
import { openProviders } from './login/providers/mount.ts';
import { openNotifications } from './notifications/mount.ts';
import { openProofs } from './oauth/dpop/proofs.ts';
import { mountOAuth } from './oauth/mount.ts';
import { openTransports } from './openTransports.ts';
import { type Closing, closeAll } from './platform/closing.ts';
import { plaintextWarnings } from './platform/config/plaintext.ts';
import type { ShownSetting } from './platform/config/shownSettings.ts';
import { startJobs } from './platform/jobs.ts';
import { createLoggedLatestTime } from './platform/observability/clockLog.ts';
import { createFaultLog } from './platform/observability/faultLog.ts';
import { createMetrics, type Metrics } from './platform/observability/metrics.ts';
import { openRateLimits } from './platform/openRateLimits.ts';
import { rateBudgets } from './rateBudgets.ts';
import { countFailures } from './revocation/countFailures.ts';
import { mountRevocation, openRevokeBudgets } from './revocation/mount.ts';
import { openPropagation } from './revocation/propagation/openPropagation.ts';
import { apiAudience } from './rights/apiAudience.ts';
import { createKnownAudiences } from './rights/knownAudiences.ts';
import { mountRights } from './rights/mount.ts';
import { firstService, keepFirstService, mountServices } from './services/mount.ts';
import { permissions } from './services/service.ts';
import { warnOfDefaults } from './services/warnOfDefaults.ts';
import { mountSessions } from './sessions/mount.ts';
import { createRefreshTokens } from './sessions/refreshToken.ts';
import { asStartupFault, databaseSetting } from './storage/databaseState.ts';
import type { Backup } from './storage/embedded/backup.ts';
import { openStorage, type StorageParts } from './storage/openStorage.ts';
import { openEarlierTokens } from './tokens/earlierIssuers/earlierTokens.ts';
import { createTokens, mountTokens } from './tokens/mount.ts';
import { createClientCertificates } from './transport/http/clientCertificate.ts';
import { mountTruth } from './truth/mount.ts';
import { openTruth } from './truth/openTruth.ts';

export interface AuthorityParts extends Omit<StorageParts, 'closing'> {
  /** The process's metrics, when they are served before the authority is open. */
  readonly metrics?: Metrics;
  /** As an operator may see them; nothing is shown without. */
  readonly settings?: readonly ShownSetting[];
  /** Tests pass a cheaper one. */
  readonly passwordHashing?: PasswordHashing;
}

export interface Authority extends Lifecycle {
  readonly operations: Operations;
  /** Copies the embedded database and its keys to a folder, given by its absolute path. Throws `StartupError`. */
  backUp(target: string): Promise<Backup>;
  /** True when this start created the service token in DATA_DIR. */
  readonly firstServiceToken: boolean;
}

/**
 * Opens everything but the listeners: on return, storage is migrated, keys exist and every live revocation is in memory. Throws
 * `StartupError`, with one clear line, for a fault an operator can fix, and its subclass `UnreachableError` for a fault that may
 * go away by itself.
 */
export async function openAuthority(parts: AuthorityParts): Promise<Authority> {
  const closing: Closing = [];
  try {
    return await open(parts, closing);
  } catch (error) {
    await closeAll(parts.log, closing);
    throw asStartupFault(error, databaseSetting(parts.secrets));
  }
}

async function open(given: AuthorityParts, closing: Closing): Promise<Authority> {
  const parts = { ...given, metrics: given.metrics ?? createMetrics() };
  const { config, clock, log, metrics, dataFolder } = parts;
  const opened = await openParts(parts, closing);
  const { storage, propagation, ring, truth: proof, notifications, refreshTokens, accessTokens } = opened;
  const slices = mountSlices(parts, opened);
  const { audit, sessions, revocation, login, rights, services, oauth } = slices;
  const jobs = [
    ...audit.jobs,
    ...sessions.jobs,
    ...revocation.jobs,
    ...rights.jobs,
    ...login.jobs,
    ...oauth.jobs,
  ];
  closing.push(startJobs({ clock, metrics, onFault: opened.onFault }, jobs));
  const firstServiceToken =
    config.storage.mode === 'embedded' && (await keepFirstService(services.operations, dataFolder));
  const { listServices } = services.operations;
  const startWarnings = plaintextWarnings(config, parts.secrets);
  const warn = (about: object, text: string) => {
    startWarnings.push(text);
    log.warn(about, text);
  };
  await warnOfDefaults({ config, warn, users: storage.database.users, listServices, firstService });

  const lifecycle = createLifecycle({
    ...{ ...parts, closing, storage, propagation, keyRing: ring.keyRing, proof },
    canary: { reading: propagation.reading, refreshTokens, accessTokens },
    startSending: () => notifications.start(oauth.backchannelLogout),
    openTransports: (state) => openTransports(parts, opened, slices, { ...state, startWarnings }),
  });
  return { ...lifecycle, operations: operationsOf(slices), firstServiceToken, backUp: storage.backUp };
}

export type WithMetrics = AuthorityParts & { readonly metrics: Metrics };
export type OpenedParts = Awaited<ReturnType<typeof openParts>>;

/** Parts that several slices use: stores, key ring, deny-list, rate limits, passwords. */
async function openParts(parts: WithMetrics, closing: Closing) {
  const { config, clock, log, metrics, secrets } = parts;
  const onFault = createFaultLog(parts);
  const latestTime = createLoggedLatestTime(parts);
  const opened = await openStorage({ ...parts, closing });
  const { sealing, keyEncryptionKey, deployment, sightings } = opened;
  const notifications = openNotifications({
    ...{ config, secrets, clock, log, metrics, onFault, sealing },
    ...{ database: opened.database, dataDir: parts.dataFolder.path },
    onUndelivered: stopUntoldReset({ database: opened.database, clock }),
  });
  closing.push(notifications.stop);
  const { database, notices } = notifications;
  const storage = { ...opened, database };

  const ring = await openKeyRing({ config, clock, database, sealing, metrics, onFault });
  closing.push(ring.ringKeeper.stop);
  const { keyRing } = ring;
  const { audience, accountAudience } = config.tokens;
  const audiences = createKnownAudiences(database.rights, [audience, accountAudience]);
  const tokens = createTokens({ config: config.tokens, keyRing, audiences, metrics });
  const refreshTokens = createRefreshTokens(sealing);

  const setting = databaseSetting(secrets);
  const observed = { clock, log, metrics, onFault, closing };
  const truth = await openTruth({ ...observed, database, deployment, sightings, setting });
  const { nodeId, watched, onCanary } = truth;
  const { openShared, openEarlierSubscribers } = storage;
  const propagation = await openPropagation({
    ...observed,
    ...{ config, latestTime, database, nodeId, watched, onCanary, openShared, openEarlierSubscribers },
  });
  const { rateLimits, counting, refusalCounts } = openRateLimits({
    ...{ clock, log, keyEncryptionKey, budgets: rateBudgets, scale: config.rateLimits },
    counters: () => storage.rateCounters({ metrics, onFault }),
  });
  const { issuer } = config.tokens;
  const { denyList } = propagation;
  const earlierTokens = await openEarlierTokens({ config, clock, latestTime, denyList, metrics, onFault });
  const isNonceRequired = config.tokens.dpopNonce === 'required';
  const proofs = openProofs({
    ...{ database, clock, keyEncryptionKey, issuer, isNonceRequired, mtlsUrl: config.http.mtlsUrl },
  });
  const providers = await openProviders({ config, clock, keyEncryptionKey, onFault });
  const { names: providerNames } = providers;
  const passkeys = openPasskeys({ database, issuer, log, metrics, notices, providerNames });
  const passwords = await openPasswords({
    ...{
      database,
      clock,
      metrics,
      keyEncryptionKey,
      config: config.passwords,
      hashing: parts.passwordHashing,
    },
    onManyRefusals: config.sessions.onSignal.many_refusals,
  });
  const { isKnownPlace } = passwords.passwordAttempts;
  const codes = openCodes({ ...notifications, config, keyEncryptionKey, counting, isKnownPlace, metrics });
  return {
    ...{ codes, storage, notifications, ring, truth, propagation, rateLimits, counting, refreshTokens },
    refusalCounts,
    ...{ audiences, latestTime, onFault, ...tokens, earlierTokens, proofs },
    clientCertificate: createClientCertificates(config.http),
    spendRevokeBudget: openRevokeBudgets({ counting, log, metrics }),
    passwords,
    passkeys,
    providers,
    factors: openFactors({
      ...{ database, clock, sealing, notices, log, passkeyKind: passkeys.kind, codeKinds: codes.kinds },
      providerKind: providers.kindFor(passkeys.relyingParty),
    }),
  };
}

function mountSlices({ config, clock, log, metrics }: WithMetrics, opened: OpenedParts) {
  const { ring, propagation, rateLimits, spendRevokeBudget, latestTime, refreshTokens } = opened;
  const { accessTokens, accessTokenReader, audiences, counting, earlierTokens } = opened;
  const { database, sealing, keyEncryptionKey, sessionEntries } = opened.storage;
  const { notices, notify, makeLink, requireMail, resealMessage } = opened.notifications;
  const { nodeId, watched } = opened.truth;
  const { denyList, effect, subscribers, sliceMs, holdsLease } = propagation;
  const { keyRing, ringKeeper } = ring;
  const { passwords, passwordPolicy, passwordAttempts } = opened.passwords;
  const { factors, passkeys, codes, providers } = opened;
  const { kinds, totpSecrets, requireRecentProof } = factors;
  const revoking = { database, effect, clock };
  const reading = { accessTokenReader, audiences, ringKeeper, denyList, latestTime, earlierTokens };
  const minting = { accessTokens, refreshTokens, keyRing, ringKeeper, denyList };
  const proving = { passwords, passwordAttempts };
  const counted = countFailures(metrics);

  const resealing = { sealing, refreshTokens, totpSecrets, resealMessage };
  const keys = mountKeys({ ...revoking, ...ring, ...resealing, counted });
  const { revokeKey } = keys.operations;
  const { clientCertificate } = opened;
  const { provedKey } = opened.proofs;
  const tokens = mountTokens({ ...reading, config: config.tokens, provedKey, clientCertificate });
  const { issuer } = config.tokens;
  const { requireVerifiedEmail, codeLogin, factorResetDelayMs } = config;
  const revocation = mountRevocation({
    ...{ ...revoking, ...reading, revokeKey, keyRing, subscribers, issuer, sliceMs, nodeId },
    ...{ log, metrics, spendRevokeBudget, counted },
  });
  const sessions = mountSessions({
    ...{ ...revoking, ...reading, ...minting, config: config.sessions },
    ...{ log, metrics, rateLimits, notices, counted, ...revocation.operations },
    ...{ sessionEntries, holdsLease },
  });
  const factorPolicy = { policy: config.secondFactor, apiAudience: apiAudience(issuer) };
  const login = mountLogin({
    ...{ ...revoking, ...minting, ...proving, ...passkeys, ...factors, ...codes.login, ...providers },
    ...{ config: config.sessions, metrics, rateLimits, counted, issuer, notices },
    onContextChange: sessions.onContextChange,
    registration: config.registration,
    ...{ requireVerifiedEmail, codeLogin, spendRevokeBudget, factorResetDelayMs, makeLink, requireMail },
    ...factorPolicy,
  });
  const accounts = mountAccounts({
    ...{ ...revoking, ...proving, passwordPolicy, refreshTokens, registration: config.registration },
    ...{ rateLimits, counting, spendRevokeBudget, counted, metrics, keyEncryptionKey, sealing, kinds },
    ...{
      ...codes.phones,
      ...factorPolicy,
      requireVerifiedEmail,
      requireRecentProof,
      notices,
      notify,
      makeLink,
    },
    ...{ requireMail, ...login.operations },
  });
  const services = mountServices({ ...revoking, latestTime, counted });
  const { accessTtlMs } = config.tokens;
  const { audiences: audiencesOfSettings } = accessTokens;
  const rights = mountRights({
    ...{ ...revoking, spendRevokeBudget, accessTtlMs, audiencesOfSettings, counted },
    ...{ permissions, audience: apiAudience(issuer) },
  });
  const { refresh, logout } = sessions.operations;
  const { authenticateService } = services;
  const oauth = mountOAuth({
    ...{ ...revoking, ...reading, ...minting, config: config.tokens, metrics, counted, authenticateService },
    rateLimits,
    ...{ sessionConfig: config.sessions, sealing, authenticateAnywhere: tokens.authenticateAnywhere },
    ...{ ...tokens.operations, refresh, logout, revoke: revocation.operations.revoke },
    ...{ services: services.operations, lookUpSession: sessions.lookUpSession },
    ...{ cacheControl: cacheable(ring.policy), mtlsUrl: config.http.mtlsUrl },
  });
  const audit = mountAudit({ database, clock, log, metrics, retentionMs: config.audit.retentionMs });
  const restoring = mountTruth({ ...revoking, decide: watched.decide, counted });
  return { keys, tokens, revocation, sessions, login, accounts, rights, services, oauth, audit, restoring };
}

export type Slices = ReturnType<typeof mountSlices>;

/** Operations by name, for the command line. */
function operationsOf(slices: Slices) {
  const { accounts, login, sessions, tokens, revocation, keys, rights, services, oauth, audit, restoring } =
    slices;
  return {
    ...{ ...accounts.operations, ...login.operations, ...sessions.operations, ...tokens.operations },
    ...{ ...revocation.operations, ...keys.operations, ...rights.operations, ...services.operations },
    ...{ ...oauth.operations, ...audit.operations, ...restoring.operations },
  };
}

export type Operations = ReturnType<typeof operationsOf>;
