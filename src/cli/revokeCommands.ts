import type { Flows } from '../authority.ts';
import { rfc3339 } from '../core/clock.ts';
import type { RevocationTarget } from '../flows/revoke.ts';
import { type Commands, one, operator, UsageError } from './command.ts';
import type { Output } from './control.ts';

export const revokeCommands: Commands = {
  'revoke session': {
    usage: 'revoke session ID',
    summary: 'End a session, with effect.',
    run: ({ revoke }, { positionals, json }, output) =>
      revokeOne(revoke, { sessionId: one(positionals, 'ID') }, json, output),
  },

  'revoke user': {
    usage: 'revoke user EMAIL',
    summary: 'End every session of a user, with effect. The user may log in again.',
    run: ({ revoke }, { positionals, json }, output) =>
      revokeOne(revoke, { email: one(positionals, 'EMAIL') }, json, output),
  },

  'revoke token': {
    usage: 'revoke token JTI',
    summary: 'Revoke one access token by its jti, with effect; its session lives.',
    run: ({ revoke }, { positionals, json }, output) =>
      revokeOne(revoke, { jti: one(positionals, 'JTI') }, json, output),
  },

  'revoke external': {
    usage: 'revoke external ID --expires-at TIME',
    summary: 'Revoke a token of an earlier system until it expires; TIME as 2030-01-31T12:00:00Z.',
    run: ({ revoke }, { positionals, expiresAt, json }, output) =>
      revokeOne(revoke, { externalId: one(positionals, 'ID'), expiresAt: readTime(expiresAt) }, json, output),
  },
};

/** RFC 3339 in UTC. */
function readTime(text: string | undefined): number {
  if (text === undefined) throw new UsageError('--expires-at: is required, as 2030-01-31T12:00:00Z.');
  const milliseconds = Date.parse(text);
  if (!/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z$/.test(text) || Number.isNaN(milliseconds)) {
    throw new UsageError(
      `--expires-at: must be a time as 2030-01-31T12:00:00Z; given ${JSON.stringify(text)}`,
    );
  }
  return milliseconds;
}

async function revokeOne(
  revoke: Flows['revoke'],
  target: RevocationTarget,
  json: boolean,
  { out, err }: Output,
): Promise<void> {
  const { endedSessions, effect } = await revoke(target, operator);
  const nodes = effect?.nodes ?? [];
  const effectTime = effect && rfc3339(effect.effectAt);
  if (json) {
    return out(JSON.stringify({ ended_sessions: endedSessions, effect_time: effectTime, nodes }));
  }
  err(
    effect === undefined
      ? 'Nothing of it was live any more.'
      : `In effect after ${Math.ceil(effect.milliseconds)} ms. Other nodes: ${nodes.length}.`,
  );
  for (const { id, outcome } of nodes) err(`  ${id} ${outcome}`);
  out(String(endedSessions));
}
