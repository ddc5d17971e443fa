/**
 * Redis: what several nodes will share. This version opens it at the start only, to refuse a server that could not be
 * used; the truth about revocations is in PostgreSQL, and one process serves them.
 */
import { Redis } from 'ioredis';
import { StartupError } from '../../core/errors.ts';
import { limits } from '../../core/limits.ts';

/**
 * Throws `StartupError` when the server does not answer, refuses the login, or may evict keys: a revocation that Redis
 * has silently dropped would look like one that never was. `url` may hold a password and appears in no message.
 */
export async function checkRedis(url: string): Promise<void> {
  const redis = new Redis(url, {
    lazyConnect: true,
    connectTimeout: limits.redisMilliseconds,
    commandTimeout: limits.redisMilliseconds,
    maxRetriesPerRequest: 0,
    retryStrategy: () => null,
  });
  // The same fault rejects the command below.
  redis.on('error', () => {});
  try {
    await redis.connect();
    const policy = /^maxmemory_policy:(\S+)/m.exec(await redis.info('memory'))?.[1];
    if (policy !== 'noeviction') {
      throw new StartupError(`REDIS_URL: the server's maxmemory-policy is ${policy}; it must be noeviction.`);
    }
  } catch (cause) {
    if (cause instanceof StartupError) throw cause;
    throw new StartupError(`REDIS_URL: the Redis server cannot be used: ${(cause as Error).message}`, {
      cause,
    });
  } finally {
    redis.disconnect();
  }
}
