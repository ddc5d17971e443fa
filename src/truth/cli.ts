/** `countersign restored`: for a restored database. */
import { rfc3339 } from '@countersign/verifier/clock';
import type { Asks, CommandContext, Program } from '../transport/cli/command.ts';

export function mountRestored(program: Program, asks: Asks): void {
  program
    .command('restored')
    .option('--keep-sessions', 'keep sessions; refuse only the access tokens')
    .description(
      'After restoring a database: refuse every access token issued until now and end every session.',
    )
    .action(({ keepSessions = false }) =>
      asks((context) => restored(keepSessions, context), { inDoubt: true }),
    );
}

async function restored(
  keepSessions: boolean,
  { operations, operator, json, out, err }: CommandContext,
): Promise<void> {
  const { issuedUntil, endedSessions, effect } = await operations.restored({ keepSessions }, operator);
  const until = rfc3339(issuedUntil);
  if (json) {
    const effectTime = effect && rfc3339(effect.effectAt);
    return out(
      JSON.stringify({ issued_until: until, ended_sessions: endedSessions, effect_time: effectTime }),
    );
  }
  err(`Access tokens issued until ${until} are refused.`);
  err(
    keepSessions
      ? 'Sessions go on, and get new tokens with their next refresh. Sessions ended:'
      : 'Sessions ended:',
  );
  out(String(endedSessions));
}
