/** `countersign revoke …`: revokes and propagates. */
import { rfc3339 } from '@countersign/verifier/clock';
import {
  type Asks,
  type CommandContext,
  type Program,
  readTime,
  UsageError,
} from '../transport/cli/command.ts';
import type { FilterText } from './matchingSessions.ts';
import type { RevocationTarget } from './revoke.ts';

export function mountRevoke(program: Program, asks: Asks): void {
  const revoke = program
    .command('revoke')
    .description('Revoke a session, user, token, client, sessions, external.');
  const command = (name: string, description: string) =>
    revoke
      .command(name)
      .description(description)
      .option('--dry-run', 'change nothing, and print how many sessions would end');
  const asksFor = (target: RevocationTarget, { dryRun }: { readonly dryRun?: true | undefined }) =>
    asks((context) => revokeOne(target, dryRun === true, context));

  command('session', 'End a session.')
    .argument('<ID>')
    .action((sessionId, options) => asksFor({ sessionId }, options));
  command('user', 'End every session of a user, who may log in again.')
    .argument('<EMAIL>')
    .action((email, options) => asksFor({ email }, options));
  command('token', 'Revoke one access token by its jti; its session goes on.')
    .argument('<JTI>')
    .action((jti, options) => asksFor({ jti }, options));
  command('client', 'End every session whose tokens were issued to a client.')
    .argument('<ID>')
    .action((clientId, options) => asksFor({ clientId }, options));
  command('sessions', 'End every session that matches all given options.')
    .option('--user <ID>', 'of this user')
    .option('--client <ID>', 'whose tokens were issued to this client')
    .option('--ip <ADDRESS>', 'last used from this address')
    .option(
      '--created-from <TIME>',
      'started at or after this time, as 2030-01-31T12:00:00Z',
      readTime('created-from'),
    )
    .option('--created-before <TIME>', 'started before this time', readTime('created-before'))
    .action(({ user, dryRun, client, ...others }) => {
      const named = { userId: user, clientId: client, ...others };
      // Drops undefined members: the filter must not contain them.
      const filter = Object.fromEntries(Object.entries(named).filter(([, value]) => value !== undefined));
      asksFor({ filter: filter as FilterText }, { dryRun });
    });
  command('external', 'Revoke a token of an earlier system until it expires.')
    .argument('<ID>')
    .option('--expires-at <TIME>', 'required, as 2030-01-31T12:00:00Z', readTime('expires-at'))
    .action((externalId, { expiresAt, ...options }) => {
      if (expiresAt === undefined)
        throw new UsageError('--expires-at: is required, as 2030-01-31T12:00:00Z.');
      asksFor({ externalId, expiresAt }, options);
    });
}

async function revokeOne(
  target: RevocationTarget,
  dryRun: boolean,
  { operations, operator, json, out, err }: CommandContext,
): Promise<void> {
  const { endedSessions, matchedSessions, effect } = await operations.revoke(target, operator, { dryRun });
  if (dryRun) {
    if (json) return out(JSON.stringify({ matched_sessions: matchedSessions }));
    err('Nothing was changed. Sessions that would end:');
    return out(String(matchedSessions));
  }
  const nodes = effect?.nodes ?? [];
  const effectTime = effect && rfc3339(effect.effectAt);
  if (json) {
    return out(JSON.stringify({ ended_sessions: endedSessions, effect_time: effectTime, nodes }));
  }
  err(
    effect === undefined
      ? 'Nothing was live any more.'
      : `In effect after ${Math.ceil(effect.milliseconds)} ms. Other nodes: ${nodes.length}.`,
  );
  for (const { id, outcome } of nodes) err(`  ${id} ${outcome}`);
  out(String(endedSessions));
}
