/** Reads what a node sends to a subscriber, in words: at once whatever is there, or one message at a time. */
import { setImmediate as nextTurn } from 'node:timers/promises';
import type { FeedMessage } from '../../src/revocation/subscribers/feed.ts';
import type { SubscriberStream } from '../../src/revocation/subscribers/subscriber.ts';

export interface FeedReader {
  /** The next message; undefined when there is none now. */
  one(): Promise<FeedMessage | undefined>;
  /** All that are there. */
  all(): Promise<readonly FeedMessage[]>;
  /** The same in words. */
  words(): Promise<readonly string[]>;
}

export function createFeedReader(stream: Pick<SubscriberStream, 'next'>): FeedReader {
  // One that waits for the next message gets it, whoever asked.
  let waiting: Promise<FeedMessage | undefined> | undefined;
  const one = async () => {
    waiting ??= stream.next();
    const nothing = Symbol('nothing');
    const message = await Promise.race([waiting, nextTurn(nothing)]);
    if (message === nothing) return undefined;
    waiting = undefined;
    return message as FeedMessage | undefined;
  };
  const all = async () => {
    const messages: FeedMessage[] = [];
    for (let message = await one(); message !== undefined; message = await one()) messages.push(message);
    return messages;
  };
  return { one, all, words: async () => (await all()).map(inWords) };
}

export function inWords(message: FeedMessage): string {
  switch (message.kind) {
    case 'slice':
      return 'slice';
    case 'snapshot_end':
      return `snapshot up to ${message.position}`;
    case 'revocations':
      return `revocations ${message.position}`;
    case 'keys':
      return `keys ${message.jwks} of ${message.ageMs} ms`;
    case 'lease':
      return `lease ${message.number} for ${message.leaseMs}`;
    case 'reconnect':
      return `reconnect: ${message.reason} in ${message.graceMs}`;
  }
}
