/**
 * What each node says of itself to the others, in its row with every renewal, so that operators see all nodes at any of them. Ages
 * instead of times: clocks of nodes differ. Nothing but the console relies on it.
 */
import { type Clock, withDeadline } from '@countersign/verifier/clock';
import { AuthorityError } from '@countersign/verifier/errors';
import { coalesce } from '../platform/queues/coalesce.ts';
import type { NodeReport } from '../revocation/propagation/liveNodes.ts';
import type { SubscriberState } from '../revocation/subscribers/subscriber.ts';
import { statusLimits } from './limits.ts';

export interface PartState {
  readonly name: string;
  readonly state: string;
}

export interface OwnReport {
  readonly parts: readonly PartState[];
  /** Those that are late first. */
  readonly subscribers: readonly SubscriberState[];
  readonly subscriberCount: number;
  readonly canary: { readonly ageMs: number; readonly milliseconds: number } | undefined;
}

/** Late ones first, then those without a connection. */
export function latestFirst<Subscriber extends SubscriberState>(
  subscribers: readonly Subscriber[],
): readonly Subscriber[] {
  const lateness = ({ behindMs, isConnected }: SubscriberState) => (isConnected ? behindMs : behindMs + 1);
  return [...subscribers].sort((one, other) => lateness(other) - lateness(one));
}

export function writeReport(report: OwnReport): string {
  const { reportedSubscribers } = statusLimits;
  return JSON.stringify({ ...report, subscribers: report.subscribers.slice(0, reportedSubscribers) });
}

/** As it would be now, after `ageMs`. Undefined for one of another version. */
export function readReport({ report, ageMs }: Pick<NodeReport, 'report' | 'ageMs'>): OwnReport | undefined {
  const { parts, subscribers, subscriberCount, canary } = JSON.parse(report) as Partial<OwnReport>;
  if (!Array.isArray(parts) || !Array.isArray(subscribers) || subscriberCount === undefined) return undefined;
  return {
    ...{ parts, subscriberCount },
    subscribers: subscribers.map((each: SubscriberState) => ({
      ...each,
      leaseRemainingMs: Math.max(0, each.leaseRemainingMs - ageMs),
      behindMs: each.behindMs > 0 ? each.behindMs + ageMs : 0,
      silentMs: each.silentMs + ageMs,
    })),
    canary: canary && { ...canary, ageMs: canary.ageMs + ageMs },
  };
}

export interface OtherReport extends OwnReport {
  readonly ageMs: number;
}

/** The last reports by node; older ones while the database does not answer. */
export function createOtherReports(
  clock: Clock,
  read: (() => Promise<readonly NodeReport[]>) | undefined,
): () => Promise<ReadonlyMap<string, OtherReport>> {
  let last: { readonly at: number; readonly rows: readonly NodeReport[] } = { at: 0, rows: [] };
  const late = () => new AuthorityError('unavailable', { reason: 'reports' });
  // While the database is slow, each open page would add a query.
  const readOnce = read && coalesce(read);
  return async () => {
    if (readOnce === undefined) return new Map();
    last = await withDeadline(clock, statusLimits.reportsMilliseconds, readOnce(), late).then(
      (rows) => ({ at: clock.monotonic(), rows }),
      () => last,
    );
    const elapsed = clock.monotonic() - last.at;
    return new Map(
      last.rows.flatMap(({ id, report, ageMs: atReading }) => {
        const ageMs = atReading + elapsed;
        const known = readReport({ report, ageMs });
        return known === undefined ? [] : [[id, { ...known, ageMs }] as const];
      }),
    );
  };
}
