/** `countersign users …`: what support does for users who cannot log in. */
import { rfc3339 } from '@countersign/verifier/clock';
import { type Asks, type CommandContext, type Program, UsageError } from '../transport/cli/command.ts';

interface ResetOptions {
  readonly now?: string | undefined;
  readonly stop?: true | undefined;
}

export function mountSupport(users: ReturnType<Program['command']>, asks: Asks): void {
  users
    .command('reset-factors')
    .argument('<EMAIL>')
    .option('--now <REASON>', 'at once, such as for somebody who showed an identity card')
    .option('--stop', 'stop a reset that waits')
    .description(
      'Remove all second factors, passkeys and recovery codes of a user, and end every session, after FACTOR_RESET_DELAY: the owner is told and can stop it.',
    )
    .action((email, options) => {
      if (options.now !== undefined && options.stop)
        throw new UsageError('--now and --stop exclude each other');
      asks((context) => resetFactors(email, options, context));
    });

  users
    .command('set-one-time-password')
    .argument('<EMAIL>')
    .description(
      'Set a password that is good for one login within a day, and end every session; print it as the last line. That login must choose a new password.',
    )
    .action((email) => asks((context) => setOneTimePassword(email, context)));

  users
    .command('verify-email')
    .argument('<EMAIL>')
    .description('Mark the e-mail of a user as proved.')
    .action((email) => asks((context) => verifyEmail(email, context)));

  users
    .command('send-recovery')
    .argument('<EMAIL>')
    .description('Mail a user a link that sets a new password.')
    .action((email) => asks((context) => sendRecovery(email, context)));
}

async function resetFactors(
  email: string,
  { now, stop }: ResetOptions,
  context: CommandContext,
): Promise<void> {
  if (stop) return stopReset(email, context);
  const { operations, operator, json, out, err } = context;
  const { userId, endedSessions, dueAt } = await operations.resetFactors({ email }, { now }, operator);
  const at = dueAt === undefined ? null : rfc3339(dueAt);
  if (json) return out(JSON.stringify({ user_id: userId, ended_sessions: endedSessions, due_at: at }));
  err(
    at === null
      ? `Second factors removed, passkeys too. Sessions ended: ${endedSessions}. The password logs in; with SECOND_FACTOR=required, the user then adds a factor.`
      : `Second factors will be removed at ${at}. The owner is told and can stop it.`,
  );
  out(userId);
}

async function stopReset(
  email: string,
  { operations, operator, json, out, err }: CommandContext,
): Promise<void> {
  const { userId, wasPlanned } = await operations.stopFactorsReset({ email }, operator);
  if (json) return out(JSON.stringify({ user_id: userId, stopped: wasPlanned }));
  err(wasPlanned ? 'The reset is stopped.' : 'There was no reset to stop.');
  out(userId);
}

async function setOneTimePassword(
  email: string,
  { operations, operator, json, out, err }: CommandContext,
): Promise<void> {
  const { userId, password, expiresAt, endedSessions } = await operations.setOneTimePassword(
    { email },
    operator,
  );
  const at = rfc3339(expiresAt);
  if (json)
    return out(JSON.stringify({ user_id: userId, password, expires_at: at, ended_sessions: endedSessions }));
  err(
    `Sessions ended: ${endedSessions}. The password is shown only once, and good for one login until ${at}:`,
  );
  out(password);
}

async function verifyEmail(
  email: string,
  { operations, operator, json, out, err }: CommandContext,
): Promise<void> {
  const userId = await operations.markEmailVerified({ email }, operator);
  if (json) return out(JSON.stringify({ user_id: userId }));
  err('The e-mail counts as proved.');
  out(userId);
}

async function sendRecovery(
  email: string,
  { operations, operator, json, out, err }: CommandContext,
): Promise<void> {
  const userId = await operations.sendRecovery({ email }, operator);
  if (json) return out(JSON.stringify({ user_id: userId }));
  err('A mail with a link is on its way. It works for 15 minutes.');
  out(userId);
}
