/** Revocation messages for all subscribers of a node, and their positions. */

import { verifierLimits } from '@countersign/verifier/limits';
import { subjectKey } from '@countersign/verifier/revocation/confirmation';
import type { KnownMark } from '@countersign/verifier/revocation/issuedBefore';
import type { Revocation } from '@countersign/verifier/revocation/revocation';
import { LRUCache } from 'lru-cache';
import type { FeedRevocations } from './feed.ts';
import { subscriberLimits } from './limits.ts';

/** `marks`: entries in memory that are in no filter. */
export function createFeedPositions(marks: () => readonly KnownMark[]) {
  /** Subject → expiry sent. Nodes hear of most revocations twice. */
  const recent = new LRUCache<string, number>({ max: subscriberLimits.subscriberRecentRevocations });
  let position = 0;

  const isNew = ({ subject, expiresAt }: Revocation): boolean => {
    const key = subjectKey(subject);
    if ((recent.get(key) ?? Number.NEGATIVE_INFINITY) >= expiresAt) return false;
    recent.set(key, expiresAt);
    return true;
  };

  return {
    /** The last message's position. */
    last: () => position,
    /** Messages for the revocations not sent recently. */
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
     * The marks as messages, sent after a snapshot. They take the last positions, so that nobody waits for another subscriber
     * because of them. They are queued before any lease can exist.
     */
    marksBehindSnapshot(): readonly FeedRevocations[] {
      const known = marks();
      // At the start there may be fewer positions than marks; nothing has been sent yet.
      position = Math.max(position, known.length);
      return known.map(({ committed, ...revocation }, index) => ({
        kind: 'revocations',
        position: position - known.length + index + 1,
        revocations: [revocation],
        committed,
      }));
    },
    /** Forgets what was sent: a load sends nothing, so earlier subscribers may lack its revocations. */
    startOver() {
      recent.clear();
      position += 1;
    },
  };
}
