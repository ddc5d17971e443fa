/** Each node's sighting of the database, sealed: for a node with a new DATA_DIR, as in a container. */
import { UnreachableError } from '@countersign/verifier/errors';
import type { Sealing } from '../../platform/sealing.ts';
import type { Sighting, SightingStore } from '../../truth/sighting.ts';
import type { Commands } from './client.ts';
import type { RedisConnection } from './connection.ts';
import type { RedisKeys } from './keys.ts';
import { runOnOwn } from './ownKey.ts';

/**
 * `nodeId`: this run. Others' sightings are deleted once silent for `silentMs`: the database was found to cover them, and this
 * run's sighting does too.
 */
export function createSharedSightings(parts: {
  redis: Pick<RedisConnection, 'run'>;
  keys: Pick<RedisKeys, 'sightings'>;
  sealing: Sealing;
  nodeId: string;
  silentMs: number;
}): SightingStore {
  const { redis, keys, sealing, nodeId, silentMs } = parts;
  const context = `sighting:${keys.sightings}`;
  /** Undefined for one that does not open: sealed with a lost key, or written by somebody else. */
  let loaded: ReadonlyMap<string, Sighting | undefined> = new Map();

  const open = (text: string): Sighting | undefined => {
    try {
      return JSON.parse(sealing.unseal(Buffer.from(text, 'base64'), context).toString()) as Sighting;
    } catch {
      // Changed by somebody with access to Redis; ignored.
      return undefined;
    }
  };

  return {
    async load() {
      const read = (commands: Commands) => commands.hgetall(keys.sightings);
      const fields = await runOnOwn(redis, keys.sightings, read).catch((cause) => {
        // Without it, a restored database would be trusted.
        throw new UnreachableError(
          `REDIS_URL: what was seen of the database cannot be read: ${cause.message}`,
        );
      });
      loaded = new Map(Object.entries(fields).map(([name, text]) => [name, open(text)]));
      return [...loaded.values()].filter((sighting) => sighting !== undefined);
    },

    async save(sighting) {
      const sealed = sealing.seal(Buffer.from(JSON.stringify(sighting)), context).toString('base64');
      const isOver = (other: Sighting | undefined) =>
        other === undefined ||
        sighting.savedAt - other.savedAt > silentMs ||
        other.decisions.at(-1) !== sighting.decisions.at(-1);
      const old = [...loaded].filter(([, other]) => isOver(other));
      loaded = new Map();
      await runOnOwn(redis, keys.sightings, async (commands) => {
        await commands.hset(keys.sightings, nodeId, sealed);
        if (old.length > 0) await commands.hdel(keys.sightings, ...old.map(([name]) => name));
      });
    },
  };
}
