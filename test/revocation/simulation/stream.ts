/**
 * The stream between a subscriber and a node: messages of one direction stay in order, and take their time. It may break at any
 * moment, with what is on its way, and nobody, one side or both notice.
 */

import type { FeedEnd, FeedMessage } from '../../../src/revocation/subscribers/feed.ts';
import type { SubscriberStream } from '../../../src/revocation/subscribers/subscriber.ts';
import type { Subscribers } from '../../../src/revocation/subscribers/subscribers.ts';
import type { Machine, World } from './world.ts';

/** What the stream, or those at its ends, do wrong beyond what they may. */
export interface StreamSabotage {
  /** Every grant is as long as a whole lease of the node. */
  readonly longGrants?: number | undefined;
  /** Grants overtake revocations. */
  readonly grantsOvertake?: boolean;
}

/** What the subscriber does with what arrives. */
export interface StreamClient {
  readonly machine: Machine;
  onMessage(message: FeedMessage): void;
  onEnd(why: FeedEnd | 'refused' | 'broken'): void;
}

export interface StreamToNode {
  /** Hands a message to the node. */
  send(message: (subscriber: SubscriberStream) => void): void;
  /** From now on nothing arrives. */
  break(noticedBy: { readonly subscriber: boolean; readonly node: boolean }): void;
  /** The subscriber goes on hearing, and is not heard. */
  lose(): void;
}

export interface StreamNode {
  readonly machine: Machine;
  readonly subscribers: Pick<Subscribers, 'open'>;
}

export function openStream(parts: {
  /** With the dice of the subscribers. */
  world: World;
  node: StreamNode;
  client: StreamClient;
  harshness: number;
  sabotage: StreamSabotage;
  /** A message of a subscriber that follows the protocol was refused. */
  onRefused: (error: unknown) => void;
}): StreamToNode {
  const { world, node, client, harshness, sabotage, onRefused } = parts;
  const state = { broken: false, deaf: false };
  const delay = () => (world.oneIn(40) ? world.between(0, 300 * harshness) : world.between(0.1, 3));

  const line = (to: Machine, isCut: () => boolean) => {
    let last = 0;
    return (act: () => void, extraMs = 0) => {
      if (isCut()) return;
      last = Math.max(last, world.now() + delay());
      world.at(last + extraMs, () => isCut() || to.run(act));
    };
  };
  const toSubscriber = line(client.machine, () => state.broken);
  const toNode = line(node.machine, () => state.broken || state.deaf);
  let stream: SubscriberStream | undefined;

  const write = async (subscriber: SubscriberStream) => {
    for (let message = await subscriber.next(); message !== undefined; message = await subscriber.next()) {
      const sent = asSent(message, sabotage);
      const late = sabotage.grantsOvertake && sent.kind === 'revocations';
      toSubscriber(() => client.onMessage(sent), late ? 200 : 0);
      // The subscriber, or the network, takes no more for a while.
      const fullMs = world.chance() < 0.01 * harshness ? world.between(0, 3_000) : 0;
      if (fullMs > 0) await new Promise<void>((resolve) => node.machine.clock.after(fullMs, resolve));
    }
    const why = subscriber.ended() ?? 'disconnected';
    toSubscriber(() => client.onEnd(why));
    subscriber.disconnected();
  };

  toNode(() => {
    node.subscribers
      .open(() => undefined, 'subscribers')
      .then(
        (subscriber) => {
          stream = subscriber;
          return write(subscriber);
        },
        () => toSubscriber(() => client.onEnd('refused')),
      );
  });

  return {
    send(message) {
      toNode(() => {
        if (stream === undefined || stream.ended() !== undefined) return;
        try {
          message(stream);
        } catch (error) {
          onRefused(error);
        }
      });
    },
    break(noticedBy) {
      state.broken = true;
      const later = () => world.now() + world.between(0, 500);
      if (noticedBy.subscriber) world.at(later(), () => client.machine.run(() => client.onEnd('broken')));
      if (noticedBy.node) world.at(later(), () => node.machine.run(() => stream?.disconnected()));
    },
    lose() {
      state.deaf = true;
    },
  };
}

/** As it is on the wire: the bytes of memory go on changing, those that were sent do not. */
function asSent(message: FeedMessage, { longGrants }: StreamSabotage): FeedMessage {
  if (message.kind === 'lease' && message.leaseMs > 0)
    return { ...message, leaseMs: longGrants ?? message.leaseMs };
  if (message.kind !== 'slice') return message;
  const layers = message.slice.layers.map((layer) => ({ ...layer, bytes: Uint8Array.from(layer.bytes) }));
  return { ...message, slice: { ...message.slice, layers } };
}
