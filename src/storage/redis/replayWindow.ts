/** Takes each message of a sender once. A Cluster may change the order of what was sent at nearly the same time. */
import { LRUCache } from 'lru-cache';
import { redisLimits } from './limits.ts';

interface Sender {
  highest: number;
  readonly seen: Set<number>;
}

/**
 * Whether this number of this sender comes for the first time, and is not far behind what came already (as RFC 4303
 * §3.4.3). To be asked only about what is genuine: a number that nobody sent would shut out those before it.
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
