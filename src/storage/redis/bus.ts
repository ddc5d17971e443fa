/** The bus between nodes, over PUBLISH and SUBSCRIBE: at most once, which is all that the port promises (S11). */
import type { Bus, BusListener, NodeId } from '../../revocation/bus.ts';
import {
  decodeAcknowledgement,
  decodeAnnouncement,
  encodeAcknowledgement,
  encodeAnnouncement,
} from './busMessages.ts';
import type { RedisConnection } from './connection.ts';
import type { RedisKeys } from './keys.ts';

export interface RedisBus extends Bus {
  /** False while nothing can arrive. */
  listening(): boolean;
  /** Messages that were not understood. */
  dropped(): number;
  close(): void;
}

/** `onFault` is told of the first message that is not understood, and each time that messages may have been missed. */
export function createBus(parts: {
  redis: Pick<RedisConnection, 'run' | 'subscribe'>;
  keys: RedisKeys;
  nodeId: NodeId;
  listener: BusListener;
  onFault: (error: Error) => void;
}): RedisBus {
  const { redis, keys, nodeId, listener, onFault } = parts;
  const acknowledgements = keys.acknowledgements(nodeId);
  let dropped = 0;

  const drop = (channel: string) => {
    dropped += 1;
    if (dropped === 1)
      onFault(new Error(`Redis: a message on ${channel} is not one of ours; others are only counted`));
  };

  const hear = (channel: string, payload: Buffer) => {
    if (channel === acknowledgements) {
      const acknowledgement = decodeAcknowledgement(payload);
      if (acknowledgement?.to === nodeId) listener.onAcknowledgement(acknowledgement);
      else drop(channel);
      return;
    }
    const announcement = decodeAnnouncement(payload);
    if (announcement === undefined) drop(channel);
    else if (announcement.from !== nodeId) listener.onAnnouncement(announcement);
  };

  const publish = (channel: string, message: string) =>
    redis.run((commands) => commands.publish(channel, message));
  const subscription = redis.subscribe([keys.announcements, acknowledgements], hear, onFault);

  return {
    announce: async (announcement) =>
      void (await publish(keys.announcements, encodeAnnouncement(announcement))),
    acknowledge(acknowledgement) {
      // One that is lost costs its receiver a wait for the lease, and whoever holds Redis knows why already.
      publish(keys.acknowledgements(acknowledgement.to), encodeAcknowledgement(acknowledgement)).catch(
        () => {},
      );
    },
    listening: subscription.active,
    dropped: () => dropped,
    close: subscription.close,
  };
}
