/**
 * Events for operators: of what the audit log records, what somebody should look at soon. Owns which, and what they say: ids and
 * machine-readable words, nothing else that is personal. Written in the transaction of the audit event.
 */
import { type Clock, rfc3339 } from '@countersign/verifier/clock';
import type { AuditEvent, AuditEventType, AuditTrail } from '../audit/auditEvent.ts';
import type { Database, Stores } from '../database.ts';
import type { Metrics } from '../platform/observability/metrics.ts';
import { notificationLimits } from './limits.ts';
import type { OperatorEvent } from './message.ts';
import type { Notify, OutboxEntry } from './outbox.ts';

interface Row {
  readonly type: string;
  /** Audit events with another reason are not told. */
  readonly reasons?: readonly string[];
  /** Members of the audit event's detail that are passed on. */
  readonly detail?: readonly string[];
}

const table: Partial<Readonly<Record<AuditEventType, Row>>> = {
  refresh_refused: { type: 'theft_detected', reasons: ['replayed', 'other_context'] },
  passkey_cloned: { type: 'key_cloned', detail: ['factor'] },
  session_context_changed: {
    ...{ type: 'session_context_changed', reasons: ['notify', 'step_up', 'end'] },
    detail: ['signals', 'score'],
  },
  password_locked: { type: 'many_refusals' },
  factors_reset_requested: { type: 'factors_reset_requested', detail: ['due_at'] },
  factors_reset_stopped: { type: 'factors_reset_stopped' },
  factors_reset: { type: 'factors_reset' },
  one_time_password_set: { type: 'one_time_password_set' },
};

/** Undefined for what operators are not told. */
export function operatorEventOf(event: AuditEvent, now: number): OperatorEvent | undefined {
  const { userId = null, sessionId = null, reason = null, detail = {} } = event;
  const row = table[event.type];
  if (row === undefined || !(row.reasons?.includes(reason ?? '') ?? true)) return undefined;
  const passed = Object.entries(detail).filter(([name]) => row.detail?.includes(name));
  return {
    ...{ type: row.type, occurred_at: rfc3339(now), user_id: userId, session_id: sessionId, reason },
    detail: Object.fromEntries(passed),
  };
}

/** `what`: an audit event, or a message that was given up. */
export type TellOperator = (
  stores: Pick<Stores, 'outbox'>,
  what: AuditEvent | OutboxEntry,
  now: number,
) => Promise<void>;

export function createTellOperator(parts: {
  readonly notify: Notify;
  readonly clock: Clock;
  readonly metrics: Pick<Metrics, 'message'>;
}): TellOperator {
  const { notify, metrics } = parts;
  const isTooMany = createBudget(parts.clock);
  return async (stores, what, now) => {
    const event = 'channel' in what ? givenUp(what, now) : operatorEventOf(what, now);
    if (event === undefined) return;
    if (isTooMany(event.type)) return metrics.message('operator', 'left_out');
    const message = { channel: 'operator', template: 'operator_event', to: '', locale: undefined } as const;
    // Of no user: the event is told although the user is deleted meanwhile.
    await notify(stores, { ...message, data: { event } }, { userId: undefined, now });
  };
}

function givenUp({ id, channel, template, userId }: OutboxEntry, now: number): OperatorEvent {
  const about = { user_id: userId ?? null, session_id: null, reason: null };
  return {
    ...{ type: 'message_given_up', occurred_at: rfc3339(now), ...about },
    detail: { message_id: id, channel, template },
  };
}

/** Whether this node told the type often enough in the minute that began with its first. */
function createBudget(clock: Clock): (type: string) => boolean {
  const windows = new Map<string, { readonly since: number; count: number }>();
  return (type) => {
    const now = clock.monotonic();
    const known = windows.get(type);
    const window = known !== undefined && now - known.since < 60_000 ? known : { since: now, count: 0 };
    windows.set(type, window);
    window.count += 1;
    return window.count > notificationLimits.operatorEventsAMinute;
  };
}

/** A database that tells the operator of recorded events: no operation can forget to. */
export function tellingOperator(database: Database, tell: TellOperator): Database {
  const isTold = (events: readonly AuditEvent[]) =>
    events.some((event) => operatorEventOf(event, 0) !== undefined);
  const trailOf = (stores: Stores): AuditTrail => {
    const recordAll: AuditTrail['recordAll'] = async (events, now) => {
      await stores.audit.recordAll(events, now);
      for (const event of events) await tell(stores, event, now);
    };
    return { recordAll, record: (event, now) => recordAll([event], now) };
  };
  const alone: AuditTrail['recordAll'] = (events, now) =>
    isTold(events)
      ? database.transaction((stores) => trailOf(stores).recordAll(events, now))
      : database.audit.recordAll(events, now);
  return {
    ...database,
    audit: { recordAll: alone, record: (event, now) => alone([event], now) },
    transaction: (work, options) =>
      database.transaction((stores) => work({ ...stores, audit: trailOf(stores) }), options),
  };
}
