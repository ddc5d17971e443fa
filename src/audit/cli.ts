/** `countersign audit …`: reads the audit log and verifies that nobody changed it. */
import { rfc3339 } from '@countersign/verifier/clock';
import {
  type Asks,
  type CommandContext,
  FindingError,
  type Program,
  readDuration,
  readTime,
  UsageError,
} from '../transport/cli/command.ts';
import type { Output } from '../transport/cli/control.ts';
import type { ChainFault } from './chain.ts';
import type { AuditQuery, ListedEvent } from './listAudit.ts';
import type { AuditReport, NotedSeal } from './verifyAudit.ts';

const columns = 'TIME TYPE ACTOR USER SESSION REASON REQUEST ADDRESS E-MAIL PROGRAM ID DETAIL'.split(' ');

export function mountAudit(program: Program, asks: Asks): void {
  const audit = program.command('audit').description('The audit log: list, verify.');

  audit
    .command('list')
    .description(
      'List audit events, newest first: time, type, actor, user, session, reason, request, address, e-mail, program, id, detail.',
    )
    .option('--user <ID|EMAIL>', 'about this user')
    .option('--session <ID>', 'about this session')
    .option('--type <TYPE>', 'of this type, as user_created')
    .option('--since <TIME>', 'at or after this time, as 2030-01-31T12:00:00Z', readTime('since'))
    .option('--until <TIME>', 'before this time', readTime('until'))
    .option('--limit <N>', 'at most this many', readCount)
    .option('--after <ID>', 'the next page: the last event of the previous page')
    .action(({ user, session, type, since, until, limit, after }) => {
      const query = { userId: user, sessionId: session, type, since, until, limit, after };
      asks((context) => list(query, context), { columns });
    });

  audit
    .command('verify')
    .description(
      'Verify the chain of the audit log and print its head, to be noted elsewhere. Exit code 1: something was changed.',
    )
    .option('--expect <NUMBER:HASH>', 'a head noted earlier', readNoted)
    .option(
      '--retention <DURATION>',
      'if AUDIT_RETENTION was shorter until recently',
      readDuration('retention'),
    )
    .action(({ expect, retention }) => asks((context) => verify(expect, retention, context)));
}

async function list(query: AuditQuery, { operations, operator, json, out }: CommandContext): Promise<void> {
  // The log itself has no e-mails.
  const isEmail = query.userId?.includes('@') === true;
  const userId = isEmail ? (await operations.showUser({ email: query.userId ?? '' })).id : query.userId;
  for (const event of await operations.listAudit({ ...query, userId }, operator))
    out(json ? JSON.stringify(asJson(event)) : asLine(event));
}

async function verify(
  expected: NotedSeal | undefined,
  retentionMs: number | undefined,
  { operations, json, ...output }: CommandContext,
): Promise<void> {
  const onSeals = (seals: number) => output.progress?.(`Verified: ${seals} seals`);
  const report = await operations.verifyAudit(expected, retentionMs, onSeals);
  if (json) output.out(JSON.stringify(reportJson(report)));
  else printReport(report, output);
  if (report.fault !== undefined)
    throw new FindingError(`Seal ${report.fault.seal}: ${meanings[report.fault.what]}.`);
}

const meanings: Record<ChainFault, string> = {
  seal_missing: 'this seal is missing',
  seal_changed: 'this seal was changed',
  link_broken: 'it does not follow the seal before it',
  range_broken: 'it does not begin where the last seal ended',
  event_missing: 'an event that it covers is missing, and no retention explains that',
  event_added: 'an event was added to those that it covers',
  event_changed: 'an event that it covers was changed',
  deleted_early: 'the events that it covers were deleted before AUDIT_RETENTION was over',
  head_unknown: 'the chain lacks the expected seal',
};

/** NaN fails every range check. */
function readCount(text: string): number {
  return /^\d{1,9}$/.test(text) ? Number(text) : Number.NaN;
}

function readNoted(text: string): NotedSeal {
  const [, number, hash] = /^([1-9]\d{0,14}):([0-9a-f]{64})$/.exec(text) ?? [];
  if (number === undefined || hash === undefined)
    throw new UsageError('--expect: must be NUMBER:HASH, as `audit verify` prints its head.');
  return { number: Number(number), hash };
}

function asJson(event: ListedEvent) {
  return {
    id: event.id,
    occurred_at: rfc3339(event.occurredAt),
    type: event.type,
    actor: event.actor,
    user_id: event.userId,
    session_id: event.sessionId,
    reason: event.reason,
    request_id: event.requestId,
    ip: event.ip,
    email: event.email,
    program: event.program,
    detail: event.detail,
  };
}

function asLine(event: ListedEvent): string {
  const { occurredAt, type, actor, userId, sessionId, reason, requestId, ip, email, program } = event;
  const about = [userId, sessionId, reason, requestId, ip, email, program].map((text) => text ?? '-');
  const shown = event.detail === undefined ? '-' : JSON.stringify(event.detail);
  const columns = [rfc3339(occurredAt), type, actor, ...about, event.id, shown];
  // User agents are untrusted: no control characters on the terminal, no extra columns.
  return columns.map((text) => text.replace(/\p{C}/gu, '?')).join('\t');
}

function reportJson({ seals, events, unsealed, deleted, head, fault }: AuditReport) {
  return {
    verified: fault === undefined,
    ...{ seals, events, unsealed },
    deleted: deleted && { ...deleted, until: rfc3339(deleted.until) },
    head,
    fault,
  };
}

function printReport({ seals, events, unsealed, deleted, head }: AuditReport, { out, err }: Output): void {
  out(`seals\t${seals}`);
  out(`events\t${events}`);
  out(`unsealed\t${unsealed}`);
  if (deleted !== undefined) {
    err(
      `Events of the first ${deleted.seals} seals, until ${rfc3339(deleted.until)}, were deleted by retention:`,
    );
    out(`deleted\t${deleted.events}`);
  }
  if (head !== undefined) out(`head\t${head.number}:${head.hash}`);
}
