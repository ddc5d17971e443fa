/** What each node has seen of the database, sealed: for a node whose DATA_DIR is new, as in a container. */
import type { Sealing } from '../../core/sealing.ts';
import type { Sighting, SightingStore } from '../../truth/sighting.ts';
import type { RedisConnection } from './connection.ts';
import type { RedisKeys } from './keys.ts';

/** `nodeId`: of this run. What runs that are over have left is removed once it has had its time. */
export function createSharedSightings(parts: {
  redis: Pick<RedisConnection, 'run'>;
  keys: Pick<RedisKeys, 'sightings'>;
  sealing: Sealing;
  nodeId: string;
  keptMs: number;
}): SightingStore {
  const { redis, keys, sealing, nodeId, keptMs } = parts;
  const context = `sighting:${keys.sightings}`;
  let loaded: ReadonlyMap<string, Sighting> = new Map();

  const open = (text: string): Sighting | undefined => {
    try {
      return JSON.parse(sealing.unseal(Buffer.from(text, 'base64'), context).toString()) as Sighting;
    } catch {
      // Whoever can write to Redis has changed it; nobody else's word counts.
      return undefined;
    }
  };

  return {
    async load() {
      // Without Redis there is nothing to be had here, and the start waits for it elsewhere.
      const fields = await redis.run((commands) => commands.hgetall(keys.sightings)).catch(() => ({}));
      const sightings = Object.entries(fields).flatMap(([name, text]) => {
        const sighting = open(text);
        return sighting === undefined ? [] : [[name, sighting] as const];
      });
      loaded = new Map(sightings);
      return [...loaded.values()];
    },

    async save(sighting) {
      const sealed = sealing.seal(Buffer.from(JSON.stringify(sighting)), context).toString('base64');
      const old = [...loaded].filter(
        ([, { savedAt, decisions }]) =>
          sighting.savedAt - savedAt > keptMs || decisions.at(-1) !== sighting.decisions.at(-1),
      );
      loaded = new Map();
      await redis.run(async (commands) => {
        await commands.hset(keys.sightings, nodeId, sealed);
        if (old.length > 0) await commands.hdel(keys.sightings, ...old.map(([name]) => name));
      });
    },
  };
}
