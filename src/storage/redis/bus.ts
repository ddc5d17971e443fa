/**
 * The bus between nodes, over PUBLISH and SUBSCRIBE: at most once, as the port promises (S11). Anybody with access to Redis can
 * send on it, so only a message's code makes it genuine, for the channel it was written for.
 */
import type { AuthenticText } from '../../platform/authenticText.ts';
import type { Bus, BusListener, DroppedFor, NodeId } from '../../revocation/propagation/bus.ts';
import {
  decodeAcknowledgement,
  decodeAnnouncement,
  encodeAcknowledgement,
  encodeAnnouncement,
  type Sequenced,
} from './busMessages.ts';
import type { RedisConnection } from './connection.ts';
import type { RedisKeys } from './keys.ts';
import { redisLimits } from './limits.ts';
import { createReplayWindow } from './replayWindow.ts';

export interface RedisBus extends Bus {
  /** False while nothing can arrive. */
  listening(): boolean;
  close(): void;
}

/** `onDropped` gets each dropped message; `onFault` the first of them, and each time messages may have been missed. */
export function createBus(parts: {
  redis: Pick<RedisConnection, 'run' | 'subscribe'>;
  keys: RedisKeys;
  authentic: AuthenticText;
  nodeId: NodeId;
  listener: BusListener;
  onDropped: (why: DroppedFor) => void;
  onFault: (error: Error) => void;
}): RedisBus {
  const { redis, keys, authentic, nodeId, listener, onFault } = parts;
  const acknowledgements = keys.acknowledgements(nodeId);
  const takeOnce = createReplayWindow();
  let sequence = 0;
  let dropped = false;

  const drop = (channel: string, why: DroppedFor) => {
    parts.onDropped(why);
    if (dropped) return;
    dropped = true;
    onFault(new Error(`Redis: a message on ${channel} was dropped (${why}); others are only counted`));
  };

  /** Returns the message if it is genuine, new and for this node. */
  const open = <Message extends { readonly from: NodeId }>(
    channel: string,
    payload: Buffer,
    decode: (text: string) => Sequenced<Message> | undefined,
  ): Message | undefined => {
    const text = payload.length > redisLimits.busMessageBytes ? undefined : authentic.read(payload, channel);
    if (text === undefined) return void drop(channel, 'unverified');
    const decoded = decode(text);
    if (decoded === undefined) return void drop(channel, 'malformed');
    const { message } = decoded;
    if (takeOnce(message.from, decoded.sequence)) return message;
    return void drop(channel, 'repeated');
  };

  const hear = (channel: string, payload: Buffer) => {
    if (channel === acknowledgements) {
      const acknowledgement = open(channel, payload, decodeAcknowledgement);
      if (acknowledgement?.to === nodeId) listener.onAcknowledgement(acknowledgement);
      return;
    }
    const announcement = open(channel, payload, decodeAnnouncement);
    if (announcement !== undefined && announcement.from !== nodeId) listener.onAnnouncement(announcement);
  };

  const publish = (channel: string, text: string) =>
    redis.run((commands) => commands.publish(channel, authentic.write(text, channel)));
  const numbered = <Message>(message: Message): Sequenced<Message> => {
    sequence += 1;
    return { sequence, message };
  };
  const subscription = redis.subscribe([keys.announcements, acknowledgements], hear, onFault);

  return {
    announce: async (announcement) =>
      void (await publish(keys.announcements, encodeAnnouncement(numbered(announcement)))),
    acknowledge(acknowledgement) {
      // A lost one costs its receiver a wait for the lease, and the Redis fault is known already.
      const text = encodeAcknowledgement(numbered(acknowledgement));
      publish(keys.acknowledgements(acknowledgement.to), text).catch(() => {});
    },
    listening: subscription.active,
    close: subscription.close,
  };
}
