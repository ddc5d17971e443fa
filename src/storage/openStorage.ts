/**
 * Opens storage and chooses each port's implementation: PostgreSQL or the embedded database, Redis or this process. Owns the
 * order of opening. Does not own the data: slices own their ports.
 */
import type { Clock } from '@countersign/verifier/clock';
import { withDeadline } from '@countersign/verifier/clock';
import { AuthorityError } from '@countersign/verifier/errors';
import { createAuthenticText } from '../platform/authenticText.ts';
import type { Config } from '../platform/config/config.ts';
import type { Secrets } from '../platform/config/secrets.ts';
import { derivedKey } from '../platform/keyedHash.ts';
import type { FaultLog } from '../platform/observability/faultLog.ts';
import type { Log } from '../platform/observability/log.ts';
import type { Metrics } from '../platform/observability/metrics.ts';
import { type RateCounters, withLocalShare } from '../platform/rateCounters.ts';
import { createSealing, type Sealing } from '../platform/sealing.ts';
import { truthLimits } from '../truth/limits.ts';
import type { SightingStore } from '../truth/sighting.ts';
import { type Backup, backUp } from './embedded/backup.ts';
import type { DataFolder } from './embedded/dataFolder.ts';
import { openEarlierSubscribers } from './embedded/earlierSubscribers.ts';
import { createLocalRateCounters } from './embedded/rateCounters.ts';
import { createLocalSightings } from './embedded/sightings.ts';
import { openEngine } from './postgres/engine.ts';
import { postgresLimits } from './postgres/limits.ts';
import { createStorage, migrateStorage } from './postgres/storage.ts';
import { openRedis } from './redis/connection.ts';
import { createKeys } from './redis/keys.ts';
import { createSharedRateCounters } from './redis/rateCounters.ts';
import { createSessionEntries } from './redis/sessionEntries.ts';
import { createSharedSightings } from './redis/sightings.ts';
import { openSharedPorts } from './sharedPorts.ts';

export interface StorageParts {
  readonly config: Config;
  readonly secrets: Secrets;
  /** Locked by this process or the one that started it. */
  readonly dataFolder: DataFolder;
  /** False when another process saves sightings there. */
  readonly keepsSightings?: boolean;
  readonly log: Log;
  readonly clock: Clock;
  /** Refuses a database without tables with `StartupError`. */
  readonly mustBeBegun?: boolean;
  /** Replaces `openEngine` in tests that need their own connections. */
  readonly openDatabase?: typeof openEngine;
  /** Gets what has to be closed, in the order of opening. */
  readonly closing: (() => Promise<void>)[];
}

export async function openStorage(parts: StorageParts) {
  const { config, secrets, dataFolder, log, clock, closing, openDatabase = openEngine } = parts;
  const { keepsSightings = true } = parts;
  const { redis: address, sentinelLogin } = secrets;
  const redis = address && (await openRedis({ address, sentinelLogin, tls: config.redisTls, clock }));
  if (redis !== undefined) closing.push(async () => redis.close());
  const engine = await openDatabase(dataFolder.path, secrets.databaseUrl);
  // A server that does not answer may never confirm closing; the embedded database must be closed.
  const late = () => new AuthorityError('unavailable', { reason: 'close' });
  const closeServer = () => withDeadline(clock, postgresLimits.closeMilliseconds, engine.close(), late);
  closing.push(redis === undefined ? engine.close : closeServer);
  for (const migration of await migrateStorage(engine, parts)) log.debug({ migration }, 'migrated');

  const keyEncryptionKey = secrets.keyEncryptionKey ?? (await dataFolder.keyEncryptionKey());
  const sealing = createSealing(keyEncryptionKey, secrets.keyDecryptionKeys);
  const authentic = createAuthenticText([keyEncryptionKey, ...secrets.keyDecryptionKeys], 'redis');
  const storage = createStorage(engine);
  const deployment = await storage.deploymentId();
  const keys = createKeys(deployment);
  const { leaseMs } = config;

  return {
    ...{ database: storage.database, ping: storage.ping, deployment, sealing, keyEncryptionKey },

    /** Where sightings of the database are stored. */
    sightings(nodeId: string): readonly SightingStore[] {
      const local = createLocalSightings({ folder: dataFolder.path, besideDatabase: redis === undefined });
      if (redis === undefined) return [local];
      const silentMs = truthLimits.sightingSilenceMilliseconds;
      const shared = createSharedSightings({ redis, keys, sealing, nodeId, silentMs });
      return keepsSightings ? [local, shared] : [shared];
    },

    /** Counts in Redis for all nodes, or in this process. */
    rateCounters({ metrics, onFault }: { metrics: Metrics; onFault: FaultLog }): RateCounters {
      const local = createLocalRateCounters({ clock });
      if (redis === undefined) return local;
      const counters = withLocalShare({
        shared: createSharedRateCounters({ redis, keys }),
        local,
        onFault: (error) => onFault('rate_limits', error),
      });
      metrics.gauge(
        'countersign_rate_limits_alone',
        '1 while this node counts requests by itself, with a small share of each budget.',
        () => Number(counters.alone()),
      );
      return counters;
    },

    /** What was read of sessions; undefined in embedded mode. */
    sessionEntries:
      redis &&
      createSessionEntries({
        redis,
        keys,
        sealing: sealingFor('session-entries', keyEncryptionKey, secrets),
      }),

    /** Shared by many nodes; undefined in embedded mode. */
    openShared: redis && (() => openSharedPorts({ redis, engine, keys, authentic, deployment, leaseMs })),

    openEarlierSubscribers: () => openEarlierSubscribers({ dataFolder, leaseMs, clock }),

    /** Copies the embedded database and its keys to a folder, given by its absolute path. Throws `StartupError`. */
    backUp(target: string): Promise<Backup> {
      const { deploymentId } = storage;
      return backUp({ folder: dataFolder.path, copyDatabase: engine.copyTo, deploymentId, clock }, target);
    },
  };
}

/** With keys for this purpose only. */
function sealingFor(purpose: string, key: Uint8Array, { keyDecryptionKeys }: Secrets): Sealing {
  const others = keyDecryptionKeys.map((each) => derivedKey(each, purpose));
  return createSealing(derivedKey(key, purpose), others);
}
