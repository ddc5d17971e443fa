/** The messages with revocations for all subscribers of a node, and their positions. */

import { verifierLimits } from '@countersign/verifier/limits';
import { subjectKey } from '@countersign/verifier/revocation/confirmation';
import type { KnownMark } from '@countersign/verifier/revocation/issuedBefore';
import type { Revocation } from '@countersign/verifier/revocation/revocation';
import { LRUCache } from 'lru-cache';
import type { FeedRevocations } from './feed.ts';
import { subscriberLimits } from './limits.ts';

/** `marks`: those in memory, which no filter has. */
export function createFeedPositions(marks: () => readonly KnownMark[]) {
  /** By subject, the expiry that was sent. Nodes hear of most revocations twice. */
  const recent = new LRUCache<string, number>({ max: subscriberLimits.subscriberRecentRevocations });
  let position = 0;

  const isNew = ({ subject, expiresAt }: Revocation): boolean => {
    const key = subjectKey(subject);
    if ((recent.get(key) ?? Number.NEGATIVE_INFINITY) >= expiresAt) return false;
    recent.set(key, expiresAt);
    return true;
  };

  return {
    /** The position of the last message. */
    last: () => position,
    /** Messages for those of the revocations that were not sent lately. */
    messages(revocations: readonly Revocation[], committed: boolean): readonly FeedRevocations[] {
      const added = revocations.filter(isNew);
      const messages: FeedRevocations[] = [];
      for (let from = 0; from < added.length; from += verifierLimits.subscriberMessageEntries) {
        position += 1;
        const page = added.slice(from, from + verifierLimits.subscriberMessageEntries);
        messages.push({ kind: 'revocations', position, revocations: page, committed });
      }
      return messages;
    },
    /**
     * Messages with the marks, to be sent after a snapshot. They have the last positions, so that nobody waits for another subscriber
     * because of them. They are queued before there can be a lease.
     */
    marksBehindSnapshot(): readonly FeedRevocations[] {
      const known = marks();
      // At the start there may be fewer positions than marks. Then nothing has been sent to anybody.
      position = Math.max(position, known.length);
      return known.map(({ committed, ...revocation }, index) => ({
        kind: 'revocations',
        position: position - known.length + index + 1,
        revocations: [revocation],
        committed,
      }));
    },
    /** Nothing that was sent counts any more. A load sends nothing, so earlier subscribers may lack what it brings. */
    startOver() {
      recent.clear();
      position += 1;
    },
  };
}
