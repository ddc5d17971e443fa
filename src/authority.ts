/**
 * The composition root: builds every part in reading order. Read it from top to bottom, it is the picture of the
 * system. A logout becomes a revocation in `revocation/propagation/revokeAndPropagate.ts`; it reaches the checks of every node through `effect`,
 * which `revocation/openRevocation.ts` builds.
 */

import { type Clock, withDeadline } from '@countersign/verifier/clock';
import { AuthorityError, StartupError, UnreachableError } from '@countersign/verifier/errors';
import type { ReadTime } from '@countersign/verifier/steadyTime';
import { createAccessTokenReader } from '@countersign/verifier/tokens/accessTokenReader';
import { createVerifiedTokens } from '@countersign/verifier/tokens/verifiedTokens';
import { createFlows, type Flows } from './createFlows.ts';
import { createKeepKeyRing } from './keys/keepKeyRing.ts';
import { keyPolicy } from './keys/keyPolicy.ts';
import { createKeyRing } from './keys/keyRing.ts';
import { createRingKeeper } from './keys/ringKeeper.ts';
import { openGuessingLimits } from './openGuessingLimits.ts';
import { createAuthenticText } from './platform/authenticText.ts';
import type { Config } from './platform/config/config.ts';
import type { Secrets } from './platform/config/secrets.ts';
import { startUpkeep } from './platform/jobs.ts';
import { limits } from './platform/limits.ts';
import { createLoggedLatestTime } from './platform/observability/clockLog.ts';
import { createFaultLog, type FaultLog } from './platform/observability/faultLog.ts';
import type { Log } from './platform/observability/log.ts';
import { createMetrics, type Metrics } from './platform/observability/metrics.ts';
import { askSeldom } from './platform/queues/cachedAnswer.ts';
import { createSealing } from './platform/sealing.ts';
import { openRevoked } from './revocation/openRevocation.ts';
import { firstServicePermissions } from './services/service.ts';
import { newServiceToken } from './services/serviceToken.ts';
import { createRefreshTokens } from './sessions/refreshToken.ts';
import { type Backup, backUp } from './storage/embedded/backup.ts';
import type { DataFolder } from './storage/embedded/dataFolder.ts';
import { openEngine } from './storage/postgres/engine.ts';
import { describeFault, isLasting, translateFault } from './storage/postgres/faults.ts';
import { createStorage, migrateStorage } from './storage/postgres/storage.ts';
import { openRedis } from './storage/redis/connection.ts';
import { createAccessTokenIssuer } from './tokens/accessToken.ts';
import type { HttpParts } from './transport/http/app.ts';
import { createUnnamedProxies } from './transport/http/unnamedProxies.ts';
import { type Doors, openDoors, type Ports } from './transport/listeners.ts';
import { describeDoubt, openTruth } from './truth/openTruth.ts';
import type { Canary } from './truth/proveTruth.ts';
import { warnOfDefaults } from './warnOfDefaults.ts';

export interface AuthorityParts {
  readonly config: Config;
  readonly secrets: Secrets;
  /** Claimed by this process: nobody else has it open. */
  readonly dataFolder: DataFolder;
  readonly log: Log;
  readonly clock: Clock;
  /** Nothing is begun: a database without tables is refused with `StartupError`. */
  readonly mustBeBegun?: boolean;
  /** Opens the database in place of `openEngine`: for a test that needs other connections than ours. */
  readonly openDatabase?: typeof openEngine;
  /** Those of the process, where they are shown before this is open. */
  readonly metrics?: Metrics;
}

export interface Authority {
  readonly flows: Flows;
  /**
   * Opens HTTP and gRPC, once the database may be believed; answers the ports. Throws `StartupError` when an address is in
   * use.
   */
  listen(): Promise<Ports>;
  /** Says "not ready", and goes on serving for so long while clients and edges go elsewhere. */
  drain(delayMs: number): Promise<void>;
  /** Says "not ready", finishes what is in flight and closes everything. */
  close(): Promise<void>;
  readonly readiness: HttpParts['readiness'];
  /** What an operator should know, although all is ready. */
  readonly warnings: () => readonly string[];
  /** Copies the embedded database and its keys to a folder, by its absolute path. Throws `StartupError`. */
  backUp(target: string): Promise<Backup>;
  /** True when this start made the service token in DATA_DIR. */
  readonly firstServiceToken: boolean;
  /** Why nothing is served, for an operator: the database is not what was written to it, or is older. Else undefined. */
  doubt(): string | undefined;
  /** Resolves when there is no doubt. */
  whenTrusted(): Promise<void>;
  /**
   * Writes to the database and reads it again; from the first time on, that is done regularly. What it finds is in `doubt`.
   * Rejects with `StartupError` when the database could not be asked.
   */
  prove(): Promise<void>;
}

/**
 * Opens everything but the doors: when this resolves, what is stored is migrated, keys are there and every live
 * revocation is in memory. Throws `StartupError` with one clear line for what an operator can mend, and of those
 * `UnreachableError` for what may mend by itself.
 */
export async function openAuthority(parts: AuthorityParts): Promise<Authority> {
  const closing: Closing = [];
  /** Whoever mends the database looks there. */
  const setting = parts.secrets.databaseUrl === undefined ? 'DATA_DIR' : 'DATABASE_URL';
  let draining = false;
  let listening = false;
  /** Closes every part in the reverse of the order in which it was opened. */
  const close = async () => {
    draining = true;
    const faults: unknown[] = [];
    for (const step of closing.splice(0).reverse()) {
      // One part that cannot be closed keeps none of the others open.
      await step().catch((fault) => faults.push(fault));
    }
    if (faults.length > 0)
      parts.log.error({ err: faults[0], faults: faults.length }, 'not everything was closed');
  };
  try {
    const onFault = createFaultLog(parts);
    const observed = {
      metrics: parts.metrics ?? createMetrics(),
      onFault,
      latestTime: createLoggedLatestTime(parts),
    };
    const stored = await openStored(parts, closing);
    const signed = await openSigned({ ...parts, ...stored, ...observed, closing });
    const watching = await openTruth({ ...parts, ...stored, ...observed, closing });
    const { truth } = watching;
    const revoked = await openRevoked({ ...parts, ...stored, ...observed, ...watching, closing });
    const limited = await openGuessingLimits({ ...parts, ...stored, ...observed });
    closing.push(startUpkeep({ ...parts, ...stored, ...observed }));
    const { decide } = watching.watched;
    const flows = createFlows({
      ...{ ...parts, ...stored, ...signed, ...revoked, ...limited, ...observed },
      decide,
    });
    const firstServiceToken = await keepFirstServiceToken(parts, flows);
    await warnOfDefaults({ ...parts, ...flows, users: stored.database.users, firstService });

    const askDatabase = askSeldom(parts.clock, limits.readinessKeptMilliseconds, () =>
      databaseState(parts.clock, stored.ping()),
    );
    const readiness = async () => ({
      process: draining ? 'draining' : listening ? 'ready' : 'starting',
      database: await askDatabase(),
      deny_list: revoked.revokedState(),
      key_ring: signed.keyRing.upToDate() ? 'ready' : 'out of date',
      truth: truth.doubt()?.what ?? 'ready',
    });
    const { warnings, onUnnamedProxy } = createUnnamedProxies({ ...parts, ...observed });
    const canAnswer = () => truth.trusted() && ['ready', 'not renewed'].includes(revoked.revokedState());
    const served = {
      ...parts,
      ...signed,
      ...revoked,
      ...limited,
      ...observed,
      ...{ flows, readiness, canAnswer, onUnnamedProxy },
    };
    let canary: Promise<Canary> | undefined;
    let doubted = false;
    const prove = async () => {
      try {
        if (canary !== undefined) return await (await canary).round();
        canary = watching.startCanary({ ...signed, ...revoked });
        await canary;
        doubted = !truth.trusted();
      } catch (error) {
        throw asStartupFault(error, setting);
      }
    };
    let doors: Doors | undefined;
    const listen = async () => {
      if (canary === undefined) await prove();
      await truth.whenTrusted();
      // After a doubt, before anything is served.
      if (doubted) await prove();
      await truth.whenTrusted();
      const requireTruth = truth.refuseInDoubt;
      doors = await openDoors({ ...served, requireTruth, isDraining: () => draining });
      closing.push(doors.close);
      const ports = await doors.listen();
      listening = true;
      return ports;
    };
    const drain = async (delayMs: number) => {
      draining = true;
      await doors?.drain(delayMs);
    };
    const doubt = () => {
      const why = truth.doubt();
      return why && describeDoubt(why, setting);
    };
    const { engine, deploymentId } = stored;
    const backup = { folder: parts.dataFolder.path, copyDatabase: engine.copyTo, deploymentId };
    const makeBackup = (target: string) => backUp({ ...backup, clock: parts.clock }, target);
    return {
      ...{ flows, listen, drain, close, readiness, backUp: makeBackup, firstServiceToken },
      ...{ prove, doubt, warnings, whenTrusted: truth.whenTrusted },
    };
  } catch (error) {
    await close();
    throw asStartupFault(error, setting);
  }
}

/** A database that went away in the middle of a start is as unreachable as one that was never there. */
function asStartupFault(error: unknown, setting: 'DATABASE_URL' | 'DATA_DIR'): unknown {
  const fault = error instanceof StartupError ? error : translateFault(error);
  if (!(fault instanceof AuthorityError) || fault.code !== 'unavailable') return fault;
  const cause = fault.cause ?? fault;
  const Kind = isLasting(cause) ? StartupError : UnreachableError;
  return new Kind(`${setting}: ${describeFault(cause)}`, { cause: error });
}

/** Steps that give back what was opened, in the order of opening. */
type Closing = (() => Promise<void>)[];

async function openStored(parts: AuthorityParts, closing: Closing) {
  const { config, secrets, dataFolder, log, clock, openDatabase = openEngine } = parts;
  const { redis: address, sentinelLogin } = secrets;
  const redis = address && (await openRedis({ address, sentinelLogin, tls: config.redisTls, clock }));
  if (redis !== undefined) closing.push(async () => redis.close());
  const engine = await openDatabase(dataFolder.path, secrets.databaseUrl);
  // A server that does not answer may never confirm the end of its connections; the embedded database must be closed.
  const late = () => new AuthorityError('unavailable', { reason: 'close' });
  const closeServer = () => withDeadline(clock, limits.closeMilliseconds, engine.close(), late);
  closing.push(redis === undefined ? engine.close : closeServer);
  for (const migration of await migrateStorage(engine, parts)) log.debug({ migration }, 'migrated');
  const keyEncryptionKey = secrets.keyEncryptionKey ?? (await dataFolder.keyEncryptionKey());
  const sealing = createSealing(keyEncryptionKey, secrets.keyDecryptionKeys);
  const authentic = createAuthenticText([keyEncryptionKey, ...secrets.keyDecryptionKeys], 'redis');
  return { redis, engine, sealing, authentic, keyEncryptionKey, ...createStorage(engine) };
}

type Stored = Awaited<ReturnType<typeof openStored>>;

interface Observed {
  readonly metrics: Metrics;
  readonly onFault: FaultLog;
  readonly latestTime: ReadTime;
}

/** The ring of signing keys, kept up to date from here on, and what signs and reads with it. */
async function openSigned(
  parts: Pick<AuthorityParts, 'config' | 'clock'> & Stored & Observed & { readonly closing: Closing },
) {
  const { config, clock, database, sealing, metrics, onFault, closing } = parts;
  const { accessTtlMs, ...expected } = config.tokens;
  const policy = keyPolicy({ ...config.keys, accessTtlMs });
  const keyRing = createKeyRing({ sealing, clock, policy });
  const ringKeeper = createRingKeeper({
    keep: createKeepKeyRing({ database, sealing, policy, clock }),
    keyRing,
    policy,
    clock,
    onFault: (error) => onFault('key_ring', error),
  });
  await ringKeeper.start();
  closing.push(ringKeeper.stop);
  const verified = createVerifiedTokens();
  metrics.gauge('countersign_key_ring_age_seconds', 'Since this node has seen the signing keys.', () =>
    Math.max(0, keyRing.ageMs() / 1000),
  );
  metrics.gauge('countersign_published_keys', 'Keys in the JWKS.', keyRing.size);
  metrics.gauge('countersign_verified_tokens', 'Tokens whose signature is remembered.', verified.size);
  return {
    policy,
    keyRing,
    ringKeeper,
    accessTokens: createAccessTokenIssuer(config.tokens),
    accessTokenReader: createAccessTokenReader({ ...expected, keyRing, verified }),
    refreshTokens: createRefreshTokens(sealing),
  };
}

const firstService = 'first';

/**
 * In embedded mode the first service is made by the first start. Its token is written to the folder before its hash is
 * stored, so that a start that was cut short in between can be repeated.
 */
async function keepFirstServiceToken({ config, dataFolder }: AuthorityParts, flows: Flows): Promise<boolean> {
  if (config.storage.mode !== 'embedded') return false;
  const services = await flows.listServices();
  if (services.length > 0) return false;
  const token = await dataFolder.serviceToken(newServiceToken());
  const first = { name: firstService, permissions: firstServicePermissions, token };
  await flows.createService(first, { actor: 'authority' });
  return true;
}

/** `ready`, or what is wrong with the database in a few words. */
function databaseState(clock: Clock, ping: Promise<void>): Promise<string> {
  const late = () => new AuthorityError('unavailable');
  return withDeadline(clock, limits.readinessMilliseconds, ping, late).then(
    () => 'ready',
    ({ reason = '' }: AuthorityError) =>
      /^database_/.test(reason) ? reason.slice('database_'.length).replaceAll('_', ' ') : 'does not answer',
  );
}
