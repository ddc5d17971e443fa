/** `countersign users …`: user administration by the operator. */
import { randomBytes } from 'node:crypto';
import { rfc3339 } from '@countersign/verifier/clock';
import type { RecordedEvent } from '../audit/auditEvent.ts';
import { parseUserAgent } from '../platform/userAgent.ts';
import type { Session } from '../sessions/session.ts';
import type { Asks, CommandContext, Program } from '../transport/cli/command.ts';
import type { UserRow } from './user.ts';

export function mountUsers(program: Program, asks: Asks): void {
  const users = program
    .command('users')
    .description('Users: list, show, create, disable, enable, delete, unlock.');

  users
    .command('list')
    .description('List users, newest first: id, e-mail, state, created, e-mail verified.')
    .option('--limit <N>', 'at most this many', Number)
    .option('--after <ID>', 'the next page: the last user of the previous page')
    .action((page) => asks((context) => list(page, context), { columns: listColumns }));

  users
    .command('show')
    .argument('<EMAIL>')
    .description('Show a user: state, live sessions, last sign-ins.')
    .action((email) => asks((context) => show(email, context)));

  users
    .command('create')
    .argument('<EMAIL>')
    .option('--password-stdin', 'read the password from standard input')
    .description('Create a user. Without --password-stdin, print a new password as the last line.')
    .action((email, { passwordStdin }) =>
      asks((context) => create(email, passwordStdin, context), { begins: true, readsInput: passwordStdin }),
    );

  users
    .command('disable')
    .argument('<EMAIL>')
    .description('Disable a user and end every session.')
    .action((email) => asks((context) => disable(email, context)));

  users
    .command('enable')
    .argument('<EMAIL>')
    .description('Let a disabled user log in again.')
    .action((email) => asks((context) => enable(email, context)));

  users
    .command('delete')
    .argument('<EMAIL>')
    .description('Delete a user and all personal data, and end every session.')
    .action((email) => asks((context) => remove(email, context)));

  users
    .command('unlock')
    .argument('<EMAIL>')
    .description('Reset the count of wrong passwords; the user may try again from everywhere.')
    .action((email) => asks((context) => unlock(email, context)));

  users
    .command('reset-factors')
    .argument('<EMAIL>')
    .description('Remove all second factors and recovery codes of a user, and end every session.')
    .action((email) => asks((context) => resetFactors(email, context)));
}

const listColumns = ['ID', 'E-MAIL', 'STATE', 'CREATED', 'VERIFIED'];

async function list(
  page: { readonly limit?: number; readonly after?: string },
  { operations, json, out }: CommandContext,
): Promise<void> {
  for (const user of await operations.listUsers(page))
    out(json ? JSON.stringify(userJson(user)) : userCells(user).join('\t'));
}

async function show(email: string, { operations, json, out }: CommandContext): Promise<void> {
  const { sessions, signIns, ...user } = await operations.showUser({ email });
  if (json) {
    const shown = { sessions: sessions.map(sessionJson), sign_ins: signIns.map(signInJson) };
    return out(JSON.stringify({ ...userJson(user), ...shown }));
  }
  const [id, address, state, created, verified] = userCells(user);
  for (const [name, value] of Object.entries({ id, email: address, state, created, verified }))
    out(`${name}\t${value}`);
  for (const session of sessions) out(cells('session', Object.values(sessionJson(session))));
  for (const event of signIns) out(cells('sign_in', Object.values(signInJson(event))));
}

/** Names of devices come from clients: no control characters on the terminal, no extra columns. */
function cells(name: string, values: readonly (string | undefined)[]): string {
  return [name, ...values.map((value) => (value ?? '-').replace(/\p{C}/gu, '?'))].join('\t');
}

function userCells({ id, email, createdAt, emailVerifiedAt, disabledAt }: UserRow): readonly string[] {
  const verified = emailVerifiedAt === undefined ? '-' : rfc3339(emailVerifiedAt);
  return [id, email, disabledAt === undefined ? 'active' : 'disabled', rfc3339(createdAt), verified];
}

function userJson({ id, email, createdAt, emailVerifiedAt, passwordChangedAt, disabledAt }: UserRow) {
  return {
    ...{ id, email, created_at: rfc3339(createdAt), password_changed_at: rfc3339(passwordChangedAt) },
    email_verified_at: emailVerifiedAt && rfc3339(emailVerifiedAt),
    disabled_at: disabledAt && rfc3339(disabledAt),
  };
}

function sessionJson({ id, deviceName, userAgent, ip, createdAt, lastUsedAt, acr }: Session) {
  const { browser, os } = parseUserAgent(userAgent);
  const device = deviceName ?? ([browser, os].filter((part) => part !== undefined).join(', ') || undefined);
  return { id, device, ip, acr, created_at: rfc3339(createdAt), last_used_at: rfc3339(lastUsedAt) };
}

function signInJson({ occurredAt, type, reason, ip }: RecordedEvent) {
  return { at: rfc3339(occurredAt), type, reason, ip };
}

async function create(
  email: string,
  passwordStdin: true | undefined,
  { operations, operator, input, json, out, err }: CommandContext,
): Promise<void> {
  const password = passwordStdin
    ? input.replace(/^\uFEFF/, '').replace(/\r?\n$/, '')
    : randomBytes(24).toString('base64url');
  const { userId } = await operations.register({ email, password }, operator);
  if (json) return out(JSON.stringify({ user_id: userId, ...(passwordStdin ? {} : { password }) }));
  if (passwordStdin) return out(userId);
  err(`User ${userId} is created. The password is shown only once:`);
  out(password);
}

async function disable(
  email: string,
  { operations, operator, json, out, err }: CommandContext,
): Promise<void> {
  const { userId, endedSessions } = await operations.disableUser({ email }, operator);
  if (json) return out(JSON.stringify({ user_id: userId, ended_sessions: endedSessions }));
  err(`Disabled. Sessions ended: ${endedSessions}.`);
  out(userId);
}

async function enable(
  email: string,
  { operations, operator, json, out, err }: CommandContext,
): Promise<void> {
  const userId = await operations.enableUser({ email }, operator);
  if (json) return out(JSON.stringify({ user_id: userId }));
  err('Enabled.');
  out(userId);
}

async function remove(
  email: string,
  { operations, operator, json, out, err }: CommandContext,
): Promise<void> {
  const { userId, endedSessions } = await operations.deleteUser({ email }, operator);
  if (json) return out(JSON.stringify({ user_id: userId, ended_sessions: endedSessions }));
  err(`Deleted. Sessions ended: ${endedSessions}.`);
  out(userId);
}

async function unlock(
  email: string,
  { operations, operator, json, out, err }: CommandContext,
): Promise<void> {
  const { userId } = await operations.unlockUser(email, operator);
  if (json) return out(JSON.stringify({ user_id: userId }));
  err('Unlocked. If it happens again, have the user change the password.');
  out(userId);
}

async function resetFactors(
  email: string,
  { operations, operator, json, out, err }: CommandContext,
): Promise<void> {
  const { userId, endedSessions } = await operations.resetFactors({ email }, operator);
  if (json) return out(JSON.stringify({ user_id: userId, ended_sessions: endedSessions }));
  err(`Second factors removed. Sessions ended: ${endedSessions}. The password alone logs in now.`);
  out(userId);
}
