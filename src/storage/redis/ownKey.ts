/** Keys only this deployment writes: foreign values must not get in the way. */
import type { Commands } from './client.ts';
import type { RedisConnection } from './connection.ts';

/**
 * Runs `work`, commands on this key. A value of the wrong type is not ours: it is deleted and `work` runs again. Rejects as
 * `RedisConnection.run` does.
 */
export async function runOnOwn<T>(
  redis: Pick<RedisConnection, 'run'>,
  key: string,
  work: (commands: Commands) => Promise<T>,
  onRemoved: () => void = () => {},
): Promise<T> {
  try {
    return await redis.run(work);
  } catch (error) {
    if (!(error instanceof Error && error.message.includes('WRONGTYPE'))) throw error;
    await redis.run((commands) => commands.unlink(key));
    onRemoved();
    return redis.run(work);
  }
}
