/** Accepts each message of a sender once. A Cluster may reorder messages sent at nearly the same time. */
import { LRUCache } from 'lru-cache';
import { redisLimits } from './limits.ts';

interface Sender {
  highest: number;
  readonly seen: Set<number>;
}

/**
 * Whether this number of this sender is new and not too far behind (as RFC 4303 §3.4.3). Ask only about genuine messages: a
 * forged number would shut out earlier ones.
 */
export type TakeOnce = (sender: string, sequence: number) => boolean;

export function createReplayWindow(): TakeOnce {
  const senders = new LRUCache<string, Sender>({ max: redisLimits.busSenders });
  return (name, sequence) => {
    const sender = senders.get(name) ?? { highest: 0, seen: new Set() };
    senders.set(name, sender);
    const { seen } = sender;
    if (sequence <= sender.highest - redisLimits.busWindowMessages || seen.has(sequence)) return false;
    seen.add(sequence);
    sender.highest = Math.max(sender.highest, sequence);
    if (seen.size > 2 * redisLimits.busWindowMessages) {
      for (const one of seen) if (one <= sender.highest - redisLimits.busWindowMessages) seen.delete(one);
    }
    return true;
  };
}
