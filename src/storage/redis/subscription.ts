import { type Clock, withDeadline } from '@countersign/verifier/clock';
import type { Redis } from 'ioredis';
import { backoff, faultText } from './client.ts';
import { redisLimits } from './limits.ts';

export interface Subscription {
  /** False while nothing can arrive. */
  active(): boolean;
  close(): void;
}

/**
 * Subscribes to channels on its own connection, and reconnects when it is lost. `onLost` is called with the reason each time
 * messages may have been missed.
 */
export function keepSubscribed(parts: {
  newSubscriber: () => Redis;
  clock: Clock;
  channels: readonly string[];
  onMessage: (channel: string, payload: Buffer) => void;
  onLost: (error: Error) => void;
}): Subscription {
  const { newSubscriber, clock, channels, onMessage, onLost } = parts;
  let current: Redis | undefined;
  let active = false;
  let closed = false;
  let lost = false;
  let tries = 0;
  let cancel = () => {};

  const again = (why: string) => {
    cancel();
    active = false;
    if (closed) return;
    if (!lost) onLost(new Error(`Redis: not subscribed: ${why}`));
    lost = true;
    tries += 1;
    cancel = clock.after(backoff(tries), open);
  };

  const watch = (redis: Redis) => {
    // The server never sends first, so a dead connection looks like a quiet one.
    cancel = clock.every(redisLimits.redisHeartbeatMilliseconds, async () => {
      const late = () => new Error('no answer');
      await withDeadline(clock, redisLimits.redisMilliseconds, redis.ping(), late).catch(() =>
        redis.disconnect(),
      );
    });
  };

  const open = () => {
    const redis = newSubscriber();
    current = redis;
    let why = 'the connection was closed';
    redis.on('error', (error) => {
      why = faultText(error);
    });
    redis.on('messageBuffer', (channel: Buffer, payload: Buffer) => onMessage(channel.toString(), payload));
    redis.once('end', () => again(why));
    const subscribe = async () => {
      await redis.connect();
      await redis.subscribe(...channels);
      if (closed) return;
      active = true;
      lost = false;
      tries = 0;
      watch(redis);
    };
    subscribe().catch((error) => {
      // A lost connection already reported its reason; this is for refusals.
      if (redis.status === 'ready') why = faultText(error);
      redis.disconnect();
    });
  };
  open();

  return {
    active: () => active,
    close() {
      closed = true;
      active = false;
      cancel();
      current?.disconnect();
    },
  };
}
