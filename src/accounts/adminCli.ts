/** `countersign users make-admin`: the first administrator, and the next. */
import { randomBytes } from 'node:crypto';
import { AuthorityError } from '@countersign/verifier/errors';
import type { Asks, CommandContext, Program } from '../transport/cli/command.ts';

export function mountMakeAdmin(users: ReturnType<Program['command']>, asks: Asks): void {
  users
    .command('make-admin')
    .argument('<EMAIL>')
    .option('--link', 'also for a user who exists: print a link that sets a new password')
    .description(
      'Let a user administrate, over the API and in the console: creates the user if need be, and then prints a link that sets the password, which works once and for 15 minutes.',
    )
    .action((email, { link }) => asks((context) => makeAdmin(email, link === true, context)));
}

/** Each step may be repeated. */
async function makeAdmin(
  email: string,
  wantsLink: boolean,
  { operations, operator, json, out, err }: CommandContext,
): Promise<void> {
  const isNew = await createIfNeeded(email, { operations, operator });
  await requireProved(email, operations);
  await operations.makeAdmin({ email }, operator);
  const link = isNew || wantsLink ? await operations.makeRecoveryLink({ email }, operator) : undefined;
  if (json) return out(JSON.stringify({ email, created: isNew, link: link ?? null }));
  err(`${email} is an administrator, after a login with a second factor.`);
  if (link === undefined) return out(email);
  err('The link sets the password. It works once, for 15 minutes; then run this again with --link.');
  out(link);
}

/** Otherwise a stranger may have registered the address before its owner. */
async function requireProved(
  email: string,
  { showUser }: Pick<CommandContext['operations'], 'showUser'>,
): Promise<void> {
  if ((await showUser({ email })).emailVerified) return;
  throw new AuthorityError('permission_denied', {
    detail: `Nobody has proved that ${email} is theirs. If you know whose account it is, run "countersign users verify-email ${email}" first.`,
    reason: 'email_not_verified',
  });
}

/** With a password that nobody knows. The operator vouches for the address. */
async function createIfNeeded(
  email: string,
  { operations, operator }: Pick<CommandContext, 'operations' | 'operator'>,
): Promise<boolean> {
  try {
    await operations.register({ email, password: randomBytes(24).toString('base64url') }, operator);
  } catch (error) {
    if (error instanceof AuthorityError && error.code === 'email_taken') return false;
    throw error;
  }
  await operations.markEmailVerified({ email }, operator);
  return true;
}
