/**
 * The connection to Redis, which nodes share. Owns how commands are sent, when they time out and when Redis is left alone. Does
 * not own what is stored (projection.ts) or sent (bus.ts). Redis is never the truth: on a refusal, callers ask PostgreSQL.
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
  /** False while Redis is not used: no connection, or an unanswered command and no answered probe since. */
  available(): boolean;
  /**
   * Sends commands. Rejects with a plain Error without password or command: at once when Redis is not available, after
   * `redisLimits.redisCommandMilliseconds` without an answer, or with Redis's error.
   */
  run<T>(work: (commands: Commands) => Promise<T>): Promise<T>;
  /**
   * Claims this Redis for the deployment. Throws `StartupError` when it is another one's, `UnreachableError` when that is unknown
   * now. Call again when Redis may have lost everything.
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
 * Tries once. Throws `StartupError` for an unsuitable server, `UnreachableError` when it does not answer or refuses the login.
 * The address contains a password, which appears in no message.
 */
export async function openRedis(parts: {
  address: RedisAddress;
  /** For Sentinels with their own login. */
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
    // The library only says that the connection was closed; an earlier event said why.
    throw new Error(client.lastFault());
  }
  await Promise.all(client.primaries().map(checkServer));
}

/** SMISMEMBER came with 6.2. */
const oldestVersion = [6, 2] as const;

async function checkServer(redis: Redis): Promise<void> {
  const info = await redis.info();
  const field = (name: string) => new RegExp(`^${name}:(\\S*)`, 'm').exec(info)?.[1] ?? 'unknown';
  const policy = field('maxmemory_policy');
  // A silently evicted revocation would look as if it never existed.
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
  // In a Cluster, PING reaches any node; only the one with our keys matters.
  let probedKey = deploymentKey;
  const probe = () => commands.exists(probedKey);
  const onLost = () => {
    // Otherwise a reconnection is in progress and must not be cut short.
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
