/** Puts the status together from what the parts of this node know, and what other nodes said of themselves. */
import type { Clock } from '@countersign/verifier/clock';
import type { ShownSetting } from '../platform/config/shownSettings.ts';
import type { RefusalCount, RefusalCounts } from '../platform/refusalCounts.ts';
import type { NodeState } from '../revocation/propagation/liveNodes.ts';
import type { NodeReports } from '../revocation/propagation/openPropagation.ts';
import type { EffectSummary, RecentEffects } from '../revocation/propagation/recentEffects.ts';
import type { SubscriberState } from '../revocation/subscribers/subscriber.ts';
import { statusLimits } from './limits.ts';
import {
  createOtherReports,
  latestFirst,
  type OtherReport,
  type OwnReport,
  type PartState,
  writeReport,
} from './nodeReports.ts';

export interface StatusParts {
  readonly clock: Clock;
  readonly nodeId: string;
  /** Each part, `ready` or a few words why not. */
  readonly readiness: () => Promise<Readonly<Record<string, string>>>;
  /** The same without asking the database: reports are written to it. */
  readonly ownParts: () => Readonly<Record<string, string>>;
  readonly warnings: () => readonly string[];
  /** This node first. */
  readonly nodes: () => readonly NodeState[];
  /** Undefined for one node alone. */
  readonly reports?: NodeReports;
  readonly redisAvailable?: (() => boolean) | undefined;
  /** The last one that was read back: when, on the wall clock, and how long it took. */
  readonly canary: () => { readonly at: number; readonly milliseconds: number } | undefined;
  readonly subscribers: { list(): readonly SubscriberState[] };
  readonly recentEffects: Pick<RecentEffects, 'summary'>;
  readonly denyList: { stats(): { readonly entries: number } };
  readonly settings: readonly ShownSetting[];
  readonly refusalCounts: RefusalCounts;
}

export interface Status {
  readonly nodeId: string;
  readonly now: number;
  readonly parts: readonly PartState[];
  readonly nodes: readonly (NodeState & { readonly report: OtherReport | undefined })[];
  readonly subscribers: readonly (SubscriberState & { readonly nodeId: string })[];
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
  const { refusalCounts, settings, warnings, nodeId, clock } = parts;
  const otherReports = createOtherReports(clock, parts.reports?.read);
  parts.reports?.write(() => writeReport(ownReport(parts, parts.ownParts())));
  return {
    async getStatus() {
      const [ready, others] = await Promise.all([parts.readiness(), otherReports()]);
      const own = ownReport(parts, ready);
      const nodes = parts.nodes().map((node) => ({
        ...node,
        report: node.id === nodeId ? { ...own, ageMs: 0 } : others.get(node.id),
      }));
      const subscribers = eachOnce(
        nodes.flatMap(({ id, report, leaseRemainingMs }) =>
          (report?.subscribers ?? []).map((each) => ({
            ...{ ...each, nodeId: id },
            isConnected: each.isConnected && leaseRemainingMs > 0,
          })),
        ),
      );
      return {
        ...{ nodeId, now: clock.now(), parts: own.parts, nodes, warnings: warnings() },
        subscribers: latestFirst(subscribers).slice(0, statusLimits.statusSubscribers),
        subscriberCount: subscribers.length + leftOut(nodes),
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

/** Subscribers of large nodes, which report only some. */
function leftOut(nodes: Status['nodes']): number {
  const more = nodes.map(({ report }) => (report?.subscriberCount ?? 0) - (report?.subscribers.length ?? 0));
  return more.reduce((sum, each) => sum + each, 0);
}

/** One that has moved is known to both nodes: the one that heard it last is right. */
function eachOnce<Subscriber extends SubscriberState>(all: readonly Subscriber[]): readonly Subscriber[] {
  const latest = new Map<string, Subscriber>();
  for (const each of all) {
    const key = `${each.service} ${each.name}`;
    const known = latest.get(key);
    if (known === undefined || each.silentMs < known.silentMs) latest.set(key, each);
  }
  return [...latest.values()];
}

function ownReport(parts: StatusParts, ready: Readonly<Record<string, string>>): OwnReport {
  const subscribers = latestFirst(parts.subscribers.list());
  const canary = parts.canary();
  return {
    parts: Object.entries({ ...ready, ...redisState(parts) }).map(([name, state]) => ({ name, state })),
    ...{ subscribers, subscriberCount: subscribers.length },
    canary: canary && { ageMs: parts.clock.now() - canary.at, milliseconds: canary.milliseconds },
  };
}

/** Logouts need no Redis; without it they take longer. */
function redisState({ redisAvailable }: StatusParts): Readonly<Record<string, string>> {
  if (redisAvailable === undefined) return {};
  return { redis: redisAvailable() ? 'ready' : 'does not answer' };
}
