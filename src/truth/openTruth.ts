/**
 * Whether the database is the truth, and what follows when it is not: the doubts, what was seen before, and the canary that
 * is written and read again and again. Built in two steps: before anything is read, and when there is something to read by.
 */
import { randomUUID } from 'node:crypto';
import { type Clock, withDeadline } from '@countersign/verifier/clock';
import { AuthorityError } from '@countersign/verifier/errors';
import type { Database } from '../database.ts';
import { limits } from '../platform/limits.ts';
import type { FaultLog } from '../platform/observability/faultLog.ts';
import type { Log } from '../platform/observability/log.ts';
import type { Metrics } from '../platform/observability/metrics.ts';
import { startRounds } from '../platform/poller.ts';
import type { Sealing } from '../platform/sealing.ts';
import type { Reading } from '../revocation/openRevocation.ts';
import type { WatchedDatabase } from '../revocation/propagation/renewal.ts';
import type { OnCanary } from '../revocation/propagation/sharedEffect.ts';
import type { RefreshTokens } from '../sessions/refreshToken.ts';
import type { DataFolder } from '../storage/embedded/dataFolder.ts';
import { createLocalSightings } from '../storage/embedded/sightings.ts';
import type { RedisConnection } from '../storage/redis/connection.ts';
import { createKeys } from '../storage/redis/keys.ts';
import { createSharedSightings } from '../storage/redis/sightings.ts';
import type { AccessTokenIssuer } from '../tokens/accessToken.ts';
import { type Canary, createCanary, createPeerCheck } from './proveTruth.ts';
import { createTruth, type Doubt, isForOperator, type Truth } from './truth.ts';
import { createVerifyTruth, type WatchedTruth } from './verifyTruth.ts';

interface Parts {
  readonly clock: Clock;
  readonly log: Log;
  readonly metrics: Metrics;
  readonly onFault: FaultLog;
  readonly database: Database;
  readonly dataFolder: DataFolder;
  readonly sealing: Sealing;
  /** Undefined in embedded mode. */
  readonly redis: RedisConnection | undefined;
  readonly deploymentId: () => Promise<string>;
  readonly closing: (() => Promise<void>)[];
}

export interface OpenedTruth {
  readonly truth: Truth;
  /** Of this run. */
  readonly nodeId: string;
  readonly watched: WatchedDatabase & WatchedTruth;
  readonly onCanary: OnCanary;
  /** Begins the canary, now that revocations are read. Resolves after its first round. */
  startCanary(parts: CanaryParts): Promise<Canary>;
}

interface CanaryParts {
  readonly reading: Reading;
  readonly refreshTokens: Pick<RefreshTokens, 'newSealedSecret'>;
  readonly accessTokens: Pick<AccessTokenIssuer, 'expiry'>;
}

export async function openTruth(parts: Parts): Promise<OpenedTruth> {
  const { clock, log, metrics, onFault, database, dataFolder, sealing, redis, closing } = parts;
  const nodeId = randomUUID();
  const deployment = await parts.deploymentId();
  const setting = redis === undefined ? 'DATA_DIR' : 'DATABASE_URL';
  let dropLease = () => {};
  let canary: Canary | undefined;
  const truth = createTruth({
    clock,
    onChange(doubt) {
      if (doubt !== undefined) dropLease();
      tell(log, doubt, setting);
    },
  });
  metrics.gauge(
    'countersign_database_trusted',
    '0 while the database contradicts what was written to it, or is older.',
    () => Number(truth.trusted()),
  );
  const local = createLocalSightings({ folder: dataFolder.path, besideDatabase: redis === undefined });
  const silentMs = limits.sightingSilenceMilliseconds;
  const shared =
    redis === undefined
      ? []
      : [createSharedSightings({ redis, keys: createKeys(deployment), sealing, nodeId, silentMs })];
  const verified = createVerifyTruth({
    ...{ database, deployment, truth, clock, stores: [local, ...shared] },
    onDecided: () => canary?.startOver(),
    onFault: (error) => onFault('sightings', error),
  });
  closing.push(verified.close);

  return {
    truth,
    nodeId,
    watched: { ...verified, trusted: truth.trusted },
    onCanary: createPeerCheck({
      ...{ find: database.revocations.find, truth, clock },
      onFault: (error) => onFault('canary', error),
    }),

    async startCanary({ reading, refreshTokens, accessTokens }) {
      dropLease = reading.dropLease;
      verified.keep();
      const made = createCanary({
        ...{ database, truth, clock, readers: reading.canaryReaders, position: reading.position },
        newSealedSecret: refreshTokens.newSealedSecret,
        accessExpiry: accessTokens.expiry,
        announce: reading.announceCanary,
        onCommitted: verified.onCanary,
      });
      canary = made;
      const round = async () => {
        // Also of a decision on another node, which this one must know when it is put to the test again.
        await verified.verify();
        // With less in it than was seen there is nothing to be proved.
        if (!isForOperator(truth.doubt())) await made.round();
        return truth.trusted() ? limits.canaryMilliseconds : limits.canaryDoubtMilliseconds;
      };
      const firstMs = await round();
      const stop = startRounds({
        ...{ clock, firstMs, retryMs: limits.canaryDoubtMilliseconds, run: round },
        onFault: (error) => onFault('canary', error),
      });
      closing.push(async () => {
        await stop();
        // What is seen last is what the next start looks for.
        const late = () => new AuthorityError('unavailable', { reason: 'canary' });
        await withDeadline(clock, limits.lastCanaryMilliseconds, round(), late).catch(() => {});
      });
      return made;
    },
  };
}

type DatabaseSetting = 'DATABASE_URL' | 'DATA_DIR';

/** One line for an operator, each time that it changes. */
function tell(log: Log, doubt: Doubt | undefined, setting: DatabaseSetting): void {
  if (doubt === undefined) log.info('the database is what was written to it; everything is served');
  else log.error({ kind: doubt.kind }, describeDoubt(doubt, setting));
}

const decision =
  'Run `countersign restored`: every token issued before is refused and everybody signs in again; or --keep-sessions, if sessions that were ended since may come back.';

export function describeDoubt({ kind, what }: Doubt, setting: DatabaseSetting): string {
  const advice = {
    contradiction: 'Nothing is served while that is so.',
    older: `It is older than what was seen (a restored backup? two data folders?), and nothing is served. ${decision}`,
    other: `Nothing is served. Set ${setting} right, or use another DATA_DIR; if this database is meant to take the place of the other: ${decision}`,
  }[kind];
  return `${setting}: ${what}. ${advice}`;
}
