/** Ports shared by nodes: the table of nodes and snapshots in PostgreSQL; the copy, the bus and saved memory in Redis. */
import type { Projection } from '@countersign/verifier/revocation/projection';
import type { AuthenticText } from '../platform/authenticText.ts';
import type { BusListener, DroppedFor } from '../revocation/propagation/bus.ts';
import type { PostgresEngine } from './postgres/engine.ts';
import { openSharedRevocations } from './postgres/sharedRevocations.ts';
import { createBus, type RedisBus } from './redis/bus.ts';
import type { RedisConnection } from './redis/connection.ts';
import type { RedisKeys } from './redis/keys.ts';
import { createProjection } from './redis/projection.ts';
import { createSavedMemory } from './redis/savedMemory.ts';

export interface BusParts {
  readonly nodeId: string;
  readonly listener: BusListener;
  readonly onDropped: (why: DroppedFor) => void;
  readonly onFault: (error: Error) => void;
}

/** Throws `StartupError` when the Redis database belongs to another deployment. */
export async function openSharedPorts(parts: {
  readonly redis: RedisConnection;
  readonly engine: PostgresEngine;
  readonly keys: RedisKeys;
  readonly authentic: AuthenticText;
  readonly deployment: string;
  readonly leaseMs: number;
}) {
  const { redis, engine, keys, authentic, deployment, leaseMs } = parts;
  await redis.claim(deployment);
  return {
    ...openSharedRevocations(engine, leaseMs),
    redisAvailable: redis.available,

    createCopy(sliceMs: number): Projection {
      const projection = createProjection({ redis, keys, sliceMs });
      return {
        ...projection,
        async stamped(history) {
          const stamped = await projection.stamped(history);
          // It may have been emptied and claimed by another deployment since.
          if (stamped === undefined) await redis.claim(deployment);
          return stamped;
        },
      };
    },

    createBus: (bus: BusParts): RedisBus => createBus({ ...bus, redis, keys, authentic }),

    createSavedMemory: (onRefused: Parameters<typeof createSavedMemory>[0]['onRefused']) =>
      createSavedMemory({ redis, keys, authentic, onRefused }),
  };
}

export type SharedPorts = Awaited<ReturnType<typeof openSharedPorts>>;
