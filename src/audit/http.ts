/**
 * A user's own activity over HTTP: the audit events about the account, with what the user may know. Of operators and services it says
 * that they did it, not who or from where. Refreshes are left out: there is one every few minutes.
 */
import { rfc3339 } from '@countersign/verifier/clock';
import { type AuditEventId, uuidPattern } from '@countersign/verifier/ids';
import type { MountRoutes } from '../transport/http/app.ts';
import { operation } from '../transport/http/route.ts';
import { strict, time } from '../transport/http/schemas.ts';
import { type Static, Type } from '../transport/http/typebox.ts';
import type { RecordedEvent } from './auditEvent.ts';
import type { AuditLog } from './auditLog.ts';
import { auditLimits } from './limits.ts';

const query = Type.Object(
  {
    after: Type.Optional(
      Type.String({ pattern: uuidPattern, description: 'next of the page before: events before it.' }),
    ),
  },
  strict,
);

const by = ['user', 'service', 'operator', 'authority'] as const;

const activity = Type.Object({
  events: Type.Array(
    Type.Object({
      id: Type.String(),
      at: time,
      type: Type.String({ description: 'As in the audit log.' }),
      by: Type.String({ description: `${by.join(', ')}.` }),
      session_id: Type.Union([Type.String(), Type.Null()]),
      ip: Type.Union([Type.String(), Type.Null()], { description: 'Of the user’s own acts.' }),
      reason: Type.Union([Type.String(), Type.Null()], { description: 'The rule that decided, if any.' }),
    }),
  ),
  next: Type.Optional(Type.String()),
});

export function activityRoute(auditLog: Pick<AuditLog, 'list'>): MountRoutes {
  return (app, { authenticate, rateLimits }) => {
    const schema = {
      querystring: query,
      ...operation({
        summary: 'What happened to my account, newest first',
        bearer: true,
        refusals: [400, 429],
        response: { 200: activity },
      }),
    };
    const { activityPage: size } = auditLimits;
    app.get('/auth/activity', { schema, ...rateLimits.placeHook('reads') }, async (request) => {
      const { sub: userId } = await authenticate(request);
      await rateLimits.spend('reads', userId, request);
      const filter = { userId, exceptType: 'session_refreshed' } as const;
      const found = await auditLog.list(filter, request.query.after as AuditEventId | undefined, size + 1);
      const events = found.slice(0, size);
      const next = found.length > size ? events.at(-1)?.id : undefined;
      return { events: events.map(asTold), ...(next === undefined ? {} : { next }) };
    });
  };
}

/** An administrator is `user:ID` in the audit log. */
function actorOf({ actor }: RecordedEvent): (typeof by)[number] {
  const [kind] = actor.split(':', 1);
  if (kind === 'user') return 'operator';
  return by.find((each) => each === kind) ?? 'authority';
}

function asTold(event: RecordedEvent): Static<typeof activity>['events'][number] {
  const isOwn = event.actor === 'user';
  const actor = isOwn ? 'user' : actorOf(event);
  return {
    ...{ id: event.id, at: rfc3339(event.occurredAt), type: event.type, by: actor },
    session_id: event.sessionId ?? null,
    ip: isOwn ? (event.ip ?? null) : null,
    // Operators write reasons for themselves.
    reason: isOwn ? (event.reason ?? null) : null,
  };
}
