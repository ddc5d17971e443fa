/**
 * The composition root: builds every part in reading order. Read it from top to bottom, it is the picture of the
 * system. A logout becomes a revocation in `flows/withEffect.ts`; it reaches the checks of every node through `effect`,
 * which `openRevoked.ts` builds.
 */
import { usualPermissions } from './authn/service.ts';
import { newServiceToken } from './authn/serviceToken.ts';
import type { Config } from './config/config.ts';
import type { Secrets } from './config/secrets.ts';
import { createAuthenticText } from './core/authenticText.ts';
import { type Clock, withDeadline } from './core/clock.ts';
import { AuthorityError, StartupError, UnreachableError } from './core/errors.ts';
import { limits } from './core/limits.ts';
import { createSealing } from './core/sealing.ts';
import type { ReadTime } from './core/steadyTime.ts';
import { createFlows, type Flows } from './createFlows.ts';
import { createKeepKeyRing } from './flows/keepKeyRing.ts';
import { createGrpcServer } from './grpc/server.ts';
import { createHttpApp, type HttpParts } from './http/app.ts';
import { listen } from './http/bareApp.ts';
import { keyPolicy } from './keys/keyPolicy.ts';
import { createKeyRing } from './keys/keyRing.ts';
import { createRingKeeper } from './keys/ringKeeper.ts';
import { createLoggedLatestTime } from './observability/clockLog.ts';
import { createFaultLog, type FaultLog } from './observability/faultLog.ts';
import type { Log } from './observability/log.ts';
import { createMetrics, type Metrics } from './observability/metrics.ts';
import { openGuessingLimits } from './openGuessingLimits.ts';
import { openRevoked, type Revoked } from './openRevoked.ts';
import { createRefreshTokens } from './sessions/refreshToken.ts';
import type { DataFolder } from './storage/local/dataFolder.ts';
import { openEngine } from './storage/postgres/engine.ts';
import { translateFault } from './storage/postgres/faults.ts';
import { createStorage, migrateStorage } from './storage/postgres/storage.ts';
import { openRedis } from './storage/redis/connection.ts';
import { createAccessTokenIssuer } from './tokens/accessToken.ts';
import { createAccessTokenReader } from './tokens/accessTokenReader.ts';
import { createVerifiedTokens } from './tokens/verifiedTokens.ts';
import { startUpkeep } from './upkeep.ts';

export interface AuthorityParts {
  readonly config: Config;
  readonly secrets: Secrets;
  /** Claimed by this process: nobody else has it open. */
  readonly dataFolder: DataFolder;
  readonly log: Log;
  readonly clock: Clock;
}

export interface Ports {
  readonly httpPort: number;
  readonly grpcPort: number;
}

export interface Authority {
  readonly flows: Flows;
  /** Opens HTTP and gRPC; answers the ports. Throws `StartupError` when an address is in use. */
  listen(): Promise<Ports>;
  /** Says "not ready", finishes what is in flight and closes everything. */
  close(): Promise<void>;
  readonly readiness: HttpParts['readiness'];
  /** True when this start made the service token in DATA_DIR. */
  readonly firstServiceToken: boolean;
}

/**
 * Opens everything but the doors: when this resolves, what is stored is migrated, keys are there and every live
 * revocation is in memory. Throws `StartupError` with one clear line for what an operator can mend, and of those
 * `UnreachableError` for what may mend by itself.
 */
export async function openAuthority(parts: AuthorityParts): Promise<Authority> {
  const closing: Closing = [];
  let draining = false;
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
    const observed = { metrics: createMetrics(), onFault, latestTime: createLoggedLatestTime(parts) };
    const stored = await openStored(parts, closing);
    const signed = await openSigned({ ...parts, ...stored, ...observed, closing });
    const revoked = await openRevoked({ ...parts, ...stored, ...observed, closing });
    const limited = await openGuessingLimits({ ...parts, ...stored, ...observed });
    closing.push(startUpkeep({ ...parts, ...stored, ...observed }));
    const flows = createFlows({ ...parts, ...stored, ...signed, ...revoked, ...limited, ...observed });
    const firstServiceToken = await keepFirstServiceToken(parts, flows);

    const readiness = async () => ({
      process: draining ? 'draining' : 'ready',
      database: await answers(parts.clock, stored.ping()),
      deny_list: revoked.revokedState(),
      key_ring: signed.keyRing.upToDate() ? 'ready' : 'out of date',
    });
    const canAnswer = () => revoked.revokedState() === 'ready';
    const doors = { ...signed, ...revoked, ...limited, ...observed, flows, readiness, canAnswer };
    return { flows, listen: () => openDoors(parts, doors, closing), close, readiness, firstServiceToken };
  } catch (error) {
    await close();
    throw asStartupFault(error);
  }
}

/** A database that went away in the middle of a start is as unreachable as one that was never there. */
function asStartupFault(error: unknown): unknown {
  const fault = error instanceof StartupError ? error : translateFault(error);
  if (!(fault instanceof AuthorityError) || fault.code !== 'unavailable') return fault;
  const cause = fault.cause instanceof Error ? fault.cause.message : fault.reason;
  return new UnreachableError(`DATABASE_URL: the PostgreSQL server does not answer: ${cause}`, {
    cause: error,
  });
}

/** Steps that give back what was opened, in the order of opening. */
type Closing = (() => Promise<void>)[];

async function openStored({ config, secrets, dataFolder, log, clock }: AuthorityParts, closing: Closing) {
  const { redis: address, sentinelLogin } = secrets;
  const redis = address && (await openRedis({ address, sentinelLogin, tls: config.redisTls, clock }));
  if (redis !== undefined) closing.push(async () => redis.close());
  const engine = await openEngine(dataFolder.path, secrets.databaseUrl);
  // A server that does not answer may never confirm the end of its connections; the embedded database must be closed.
  const late = () => new AuthorityError('unavailable', { reason: 'close' });
  const closeServer = () => withDeadline(clock, limits.closeMilliseconds, engine.close(), late);
  closing.push(redis === undefined ? engine.close : closeServer);
  for (const migration of await migrateStorage(engine)) log.debug({ migration }, 'migrated');
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
  const { issuer, audience, accessTtlMs } = config.tokens;
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
    accessTokens: createAccessTokenIssuer({ issuer, audience, accessTtlMs }),
    accessTokenReader: createAccessTokenReader({ keyRing, issuer, audience, verified }),
    refreshTokens: createRefreshTokens(sealing),
  };
}

type DoorParts = Pick<HttpParts, 'keyRing' | 'policy' | 'rateLimits' | 'readiness' | 'metrics'> &
  Pick<Revoked, 'edges' | 'sliceMs' | 'nodeId'> & { readonly flows: Flows; canAnswer(): boolean };

async function openDoors(
  { config, clock, log }: AuthorityParts,
  doors: DoorParts,
  closing: Closing,
): Promise<Ports> {
  const { issuer } = config.tokens;
  const http = await createHttpApp({ ...config.http, ...doors, issuer, log });
  const grpc = createGrpcServer({ ...config.grpc, ...doors, issuer, clock, log });
  closing.push(async () => {
    const cancel = clock.after(limits.drainMilliseconds, () => http.server.closeAllConnections());
    await Promise.all([http.close(), grpc.close(limits.drainMilliseconds)]);
    cancel();
  });
  const grpcPort = await grpc.listen(config.grpc.host, config.grpc.port);
  return { grpcPort, httpPort: await listen(http, config.http) };
}

/**
 * In embedded mode the first service is made by the first start. Its token is written to the folder before its hash is
 * stored, so that a start that was cut short in between can be repeated.
 */
async function keepFirstServiceToken({ config, dataFolder }: AuthorityParts, flows: Flows): Promise<boolean> {
  if (config.storage.mode !== 'embedded') return false;
  const services = await flows.listServices();
  if (services.length > 0) return false;
  const token = await dataFolder.serviceToken(newServiceToken());
  await flows.createService({ name: 'first', permissions: usualPermissions, token }, { actor: 'authority' });
  return true;
}

/** `ready`, or that the part does not answer. */
function answers(clock: Clock, work: Promise<void>): Promise<string> {
  const late = () => new AuthorityError('unavailable');
  return withDeadline(clock, limits.readinessMilliseconds, work, late).then(
    () => 'ready',
    () => 'does not answer',
  );
}
