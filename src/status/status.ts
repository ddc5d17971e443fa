/** Puts the status together from what the parts of this node know. Reads memory only, but for the pinged database. */
import type { Clock } from '@countersign/verifier/clock';
import type { ShownSetting } from '../platform/config/shownSettings.ts';
import type { RefusalCount, RefusalCounts } from '../platform/refusalCounts.ts';
import type { NodeState } from '../revocation/propagation/liveNodes.ts';
import type { EffectSummary, RecentEffects } from '../revocation/propagation/recentEffects.ts';
import type { SubscriberState } from '../revocation/subscribers/subscriber.ts';
import { statusLimits } from './limits.ts';

export interface StatusParts {
  readonly clock: Pick<Clock, 'now'>;
  readonly nodeId: string;
  /** Each part, `ready` or a few words why not. */
  readonly readiness: () => Promise<Readonly<Record<string, string>>>;
  readonly warnings: () => readonly string[];
  /** This node first. */
  readonly nodes: () => readonly NodeState[];
  readonly redisAvailable?: (() => boolean) | undefined;
  readonly subscribers: { list(): readonly SubscriberState[] };
  readonly recentEffects: Pick<RecentEffects, 'summary'>;
  readonly denyList: { stats(): { readonly entries: number } };
  readonly settings: readonly ShownSetting[];
  readonly refusalCounts: RefusalCounts;
}

export interface Status {
  readonly nodeId: string;
  readonly now: number;
  readonly parts: readonly { readonly name: string; readonly state: string }[];
  readonly nodes: readonly NodeState[];
  readonly subscribers: readonly SubscriberState[];
  readonly subscriberCount: number;
  readonly effect: EffectSummary;
  readonly denyListEntries: number;
  readonly warnings: readonly string[];
}

export interface StatusOperations {
  getStatus(): Promise<Status>;
  listSettings(): { readonly settings: readonly ShownSetting[]; readonly warnings: readonly string[] };
  listRefusals(): { readonly refusals: readonly RefusalCount[]; readonly since: number };
}

export function createStatusOperations(parts: StatusParts): StatusOperations {
  const { refusalCounts, settings, warnings } = parts;
  return {
    async getStatus() {
      const states = { ...(await parts.readiness()), ...redisState(parts) };
      const subscribers = [...parts.subscribers.list()].sort((one, other) => other.behindMs - one.behindMs);
      return {
        ...{ nodeId: parts.nodeId, now: parts.clock.now(), nodes: parts.nodes(), warnings: warnings() },
        parts: Object.entries(states).map(([name, state]) => ({ name, state })),
        subscribers: subscribers.slice(0, statusLimits.statusSubscribers),
        subscriberCount: subscribers.length,
        effect: parts.recentEffects.summary(),
        denyListEntries: parts.denyList.stats().entries,
      };
    },
    listSettings: () => ({ settings, warnings: warnings() }),
    listRefusals: () => ({
      refusals: refusalCounts.top(statusLimits.statusRefusals),
      since: refusalCounts.since,
    }),
  };
}

/** Logouts need no Redis; without it they take longer. */
function redisState({ redisAvailable }: StatusParts): Readonly<Record<string, string>> {
  if (redisAvailable === undefined) return {};
  return { redis: redisAvailable() ? 'ready' : 'does not answer' };
}
