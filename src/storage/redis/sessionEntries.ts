/** What was read of sessions, sealed, for every node: a look-up need not ask the database (sessions/lookUp). */
import type { SessionId } from '@countersign/verifier/ids';
import type { Sealing } from '../../platform/sealing.ts';
import type { RedisConnection } from './connection.ts';
import type { RedisKeys } from './keys.ts';
import { runOnOwn } from './ownKey.ts';

/** `sealing`: with a key for nothing else. The context is the key in Redis: an entry is good for one session of one deployment. */
export function createSessionEntries(parts: {
  readonly redis: Pick<RedisConnection, 'run'>;
  readonly keys: Pick<RedisKeys, 'session'>;
  readonly sealing: Sealing;
}) {
  const { redis, keys, sealing } = parts;
  return {
    async read(id: SessionId): Promise<{ readonly text: string } | 'missing' | 'forged'> {
      const key = keys.session(id);
      const sealed = await runOnOwn(redis, key, (commands) => commands.getBuffer(key));
      if (sealed === null) return 'missing';
      try {
        return { text: sealing.unseal(sealed, key).toString() };
      } catch {
        // Also one by a node with another key.
        return 'forged';
      }
    },

    async write(id: SessionId, text: string, milliseconds: number): Promise<void> {
      const key = keys.session(id);
      const sealed = sealing.seal(Buffer.from(text), key);
      await redis.run((commands) => commands.set(key, sealed, 'PX', milliseconds));
    },
  };
}
