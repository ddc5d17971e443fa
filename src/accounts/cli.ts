/** `countersign users …`: user administration by the operator. */
import { randomBytes } from 'node:crypto';
import { rfc3339 } from '@countersign/verifier/clock';
import type { Asks, CommandContext, Program } from '../transport/cli/command.ts';
import { mountMakeAdmin } from './adminCli.ts';
import { mountImport } from './importing/cli.ts';
import type { UserPage } from './listUsers.ts';
import { mountSupport } from './supportCli.ts';

export function mountUsers(program: Program, asks: Asks): void {
  const users = program
    .command('users')
    .description(
      'Users: create, list, show, disable, enable, delete, unlock, reset-factors, set-one-time-password, verify-email, send-recovery, make-admin, import.',
    );

  users
    .command('create')
    .argument('<EMAIL>')
    .option('--password-stdin', 'read the password from standard input')
    .description('Create a user. Without --password-stdin, print a new password as the last line.')
    .action((email, { passwordStdin }) =>
      asks((context) => create(email, passwordStdin, context), { begins: true, readsInput: passwordStdin }),
    );

  users
    .command('list')
    .description('List users by age: id, e-mail, state, whether the e-mail is proved, registration.')
    .option('--limit <N>', 'at most this many', Number)
    .option('--after <ID>', 'the next page: the last user of the previous page')
    .action((page) =>
      asks((context) => list(page, context), { columns: ['ID', 'E-MAIL', 'STATE', 'PROVED', 'REGISTERED'] }),
    );

  users
    .command('show')
    .argument('<EMAIL>')
    .description(
      'Show a user: id, state, whether the e-mail is proved, second factors, live sessions, last sign-ins.',
    )
    .action((email) => asks((context) => show(email, context), { columns: ['', ''] }));

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

  mountMakeAdmin(users, asks);
  mountSupport(users, asks);
  mountImport(users, asks);
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

async function list(page: UserPage, { operations, operator, json, out }: CommandContext): Promise<void> {
  for (const { id, email, state, emailVerified, createdAt } of await operations.listUsers(page, operator)) {
    const at = rfc3339(createdAt);
    out(
      json
        ? JSON.stringify({ user_id: id, email, state, email_verified: emailVerified, created_at: at })
        : [id, email, state, verifiedWord(emailVerified), at].join('\t'),
    );
  }
}

async function show(email: string, { operations, operator, json, out }: CommandContext): Promise<void> {
  const user = await operations.showUser({ email }, operator);
  const sessions = user.sessions.map(({ id, deviceName, ip, lastUsedAt, acr }) => ({
    ...{ id, acr, last_used_at: rfc3339(lastUsedAt), device_name: deviceName ?? null, ip: ip ?? null },
  }));
  const signIns = user.signIns.map(({ occurredAt, type, reason, ip }) => ({
    ...{ at: rfc3339(occurredAt), type, reason: reason ?? null, ip: ip ?? null },
  }));
  const { id, state, emailVerified, factors, recoveryCodesLeft } = user;
  const resetAt = user.factorsResetAt === undefined ? undefined : rfc3339(user.factorsResetAt);
  if (json) {
    const about = { user_id: id, email: user.email, state, email_verified: emailVerified };
    const ways = { factors, recovery_codes_left: recoveryCodesLeft, factors_reset_at: resetAt ?? null };
    return out(JSON.stringify({ ...about, ...ways, sessions, sign_ins: signIns }));
  }
  const lines: readonly (readonly [string, string])[] = [
    ['user', id],
    ['e-mail', user.email],
    ['e-mail proved', verifiedWord(emailVerified)],
    ['state', state],
    ['factors', factors.join(', ')],
    ['recovery codes', String(recoveryCodesLeft)],
    ...(resetAt === undefined ? [] : [['factors reset at', resetAt] as const]),
    ...sessions.map((each) => ['session', Object.values(each).filter(Boolean).join(' ')] as const),
    ...signIns.map((each) => ['sign-in', Object.values(each).filter(Boolean).join(' ')] as const),
  ];
  for (const line of lines) out(line.join('\t'));
}

function verifiedWord(isVerified: boolean): 'proved' | 'unproved' {
  return isVerified ? 'proved' : 'unproved';
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
  const { userId } = await operations.unlockUser({ email }, operator);
  if (json) return out(JSON.stringify({ user_id: userId }));
  err('Unlocked. If it happens again, have the user change the password.');
  out(userId);
}
