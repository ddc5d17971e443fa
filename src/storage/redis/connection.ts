/**
 * The connection to Redis: what several nodes share. Owns how commands get there, when they are given up and when Redis
 * is left alone. Does not own what is stored (projection.ts) or said (bus.ts). Nothing here is the truth: whoever is
 * refused asks PostgreSQL.
 */

import { type Clock, withDeadline } from '@countersign/verifier/clock';
import { StartupError, UnreachableError } from '@countersign/verifier/errors';
import type { Redis } from 'ioredis';
import type { RedisTls } from '../../platform/config/config.ts';
import type { RedisAddress } from '../../platform/config/redisUrl.ts';
import type { SentinelLogin } from '../../platform/config/secrets.ts';
import { createBreaker } from './breaker.ts';
import { type Commands, createClient, faultText, type RedisClient } from './client.ts';
import { claimDeployment } from './deployment.ts';
import { createKeys, deploymentKey } from './keys.ts';
import { redisLimits } from './limits.ts';
import { keepSubscribed, type Subscription } from './subscription.ts';
import { openTlsFiles } from './tlsFiles.ts';

export interface RedisConnection {
  /** False while it is not asked: there is no connection, or a command was not answered and no probe has been since. */
  available(): boolean;
  /**
   * Sends commands. Rejects, with a plain Error that holds neither a password nor a command: at once when Redis is not
   * available, after `redisLimits.redisCommandMilliseconds` when it does not answer, else with what it says.
   */
  run<T>(work: (commands: Commands) => Promise<T>): Promise<T>;
  /**
   * Takes this Redis for the deployment, unless it has it already. Throws `StartupError` when it is another one's, and
   * `UnreachableError` when that cannot be told now. To be called again when Redis may have lost everything.
   */
  claim(deploymentId: string): Promise<void>;
  subscribe(
    channels: readonly string[],
    onMessage: (channel: string, payload: Buffer) => void,
    onLost: (error: Error) => void,
  ): Subscription;
  close(): void;
}

/**
 * Tries once. Throws `StartupError` when the server is one that could not be relied upon, `UnreachableError` when it
 * does not answer or refuses the login. The address holds a password, which appears in no message.
 */
export async function openRedis(parts: {
  address: RedisAddress;
  /** For Sentinels, when they have one of their own. */
  sentinelLogin?: SentinelLogin | undefined;
  /** For an address with TLS. */
  tls?: RedisTls;
  clock: Clock;
}): Promise<RedisConnection> {
  const { clock, address, sentinelLogin } = parts;
  const client = createClient({ address, sentinelLogin, tlsFiles: openTlsFiles(parts.tls) });
  try {
    await withDeadline(
      clock,
      redisLimits.redisStartMilliseconds,
      connect(client),
      () => new Error('no answer'),
    );
  } catch (error) {
    client.disconnect();
    if (error instanceof StartupError) throw error;
    throw new UnreachableError(`REDIS_URL: the Redis server cannot be used: ${faultText(error)}`);
  }
  return createConnection(client, clock);
}

async function connect(client: RedisClient): Promise<void> {
  try {
    await client.connect();
  } catch {
    // The library says that the connection was closed; the event before that said why.
    throw new Error(client.lastFault());
  }
  await Promise.all(client.primaries().map(checkServer));
}

/** SMISMEMBER is of 6.2. */
const oldestVersion = [6, 2] as const;

async function checkServer(redis: Redis): Promise<void> {
  const info = await redis.info();
  const field = (name: string) => new RegExp(`^${name}:(\\S*)`, 'm').exec(info)?.[1] ?? 'unknown';
  const policy = field('maxmemory_policy');
  // A revocation that was silently dropped would look like one that never was.
  if (policy !== 'noeviction') {
    throw new StartupError(`REDIS_URL: the server's maxmemory-policy is ${policy}; it must be noeviction.`);
  }
  const version = field('redis_version');
  const [major = 0, minor = 0] = version.split('.').map(Number);
  if (major < oldestVersion[0] || (major === oldestVersion[0] && minor < oldestVersion[1])) {
    throw new StartupError(`REDIS_URL: the server is Redis ${version}; it must be 6.2 or newer.`);
  }
  if (field('role') !== 'master') throw new Error('it is a replica, which cannot be written to');
}

function createConnection(client: RedisClient, clock: Clock): RedisConnection {
  const { commands } = client;
  // In a Cluster, PING would ask any node: what counts is the one that has our keys.
  let probedKey = deploymentKey;
  const probe = () => commands.exists(probedKey);
  const onLost = () => {
    // Else it is being made again already, which must not be cut short each time.
    if (client.connected()) client.reconnect();
  };
  const breaker = createBreaker({ clock, probe, onLost });
  const available = () => breaker.closed() && client.connected();

  const run = async <T>(work: (commands: Commands) => Promise<T>): Promise<T> => {
    if (!available()) throw new Error('Redis: not available');
    const late = () => {
      breaker.trip();
      return new Error('no answer');
    };
    try {
      return await withDeadline(clock, redisLimits.redisCommandMilliseconds, work(commands), late);
    } catch (error) {
      throw new Error(`Redis: ${faultText(error)}`);
    }
  };

  return {
    available,
    run,
    async claim(deploymentId) {
      await claimDeployment(run, deploymentId);
      probedKey = createKeys(deploymentId).manifest;
    },
    subscribe: (channels, onMessage, onLost) =>
      keepSubscribed({ newSubscriber: client.newSubscriber, clock, channels, onMessage, onLost }),
    close() {
      breaker.dispose();
      client.disconnect();
    },
  };
}
