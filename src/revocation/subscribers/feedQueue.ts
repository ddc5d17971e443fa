/** Messages on their way to a subscriber. Bounded, because a subscriber may read more slowly than revocations arrive. */

import { verifierLimits } from '@countersign/verifier/limits';
import type { FeedMessage, FeedRevocations } from './feed.ts';
import { subscriberLimits } from './limits.ts';

export type FeedQueue = ReturnType<typeof createFeedQueue>;

export function createFeedQueue() {
  const messages: FeedMessage[] = [];
  let entries = 0;
  let closed = false;
  let finished = false;
  let wake = () => {};

  return {
    /** False when the queue is full. */
    push(message: FeedMessage): boolean {
      if (closed || finished) return false;
      if (message.kind === 'revocations') entries += message.revocations.length;
      if (
        entries > subscriberLimits.subscriberBacklogEntries ||
        messages.length >= subscriberLimits.subscriberBacklogMessages
      )
        return false;
      const joined =
        messages.length < subscriberLimits.subscriberJoinMessages
          ? undefined
          : joinedWith(messages.at(-1), message);
      if (joined === undefined) messages.push(message);
      else messages[messages.length - 1] = joined;
      wake();
      return true;
    },

    /** Waits for a message; undefined once closed, or finished and empty. */
    async take(): Promise<FeedMessage | undefined> {
      while (messages.length === 0 && !closed && !finished) {
        await new Promise<void>((resolve) => {
          wake = resolve;
        });
      }
      if (closed) return undefined;
      const message = messages.shift();
      if (message?.kind === 'revocations') entries -= message.revocations.length;
      return message;
    },

    /** Accepts no more messages; queued ones can still be taken. */
    finish() {
      finished = true;
      wake();
    },

    close() {
      closed = true;
      messages.length = 0;
      wake();
    },
  };
}

/** Joins two consecutive messages under the later position; undefined when they cannot be joined. */
function joinedWith(last: FeedMessage | undefined, next: FeedMessage): FeedRevocations | undefined {
  if (last?.kind !== 'revocations' || next.kind !== 'revocations') return undefined;
  const entries = last.revocations.length + next.revocations.length;
  if (last.committed !== next.committed || entries > verifierLimits.subscriberMessageEntries)
    return undefined;
  return { ...next, revocations: [...last.revocations, ...next.revocations] };
}
