import { rfc3339 } from '@countersign/verifier/clock';
import type { Operations } from '../authority.ts';
import { type Arguments, type Commands, none, one, readTime, UsageError } from '../transport/cli/command.ts';
import type { Output } from '../transport/cli/control.ts';
import type { FilterText } from './matchingSessions.ts';
import type { RevocationTarget } from './revoke.ts';

export const revokeCommands: Commands = {
  'revoke session': {
    usage: 'revoke session ID [--dry-run]',
    summary: 'End a session, with effect.',
    run: ({ revoke }, request, output) =>
      revokeOne(revoke, { sessionId: one(request.positionals, 'ID') }, request, output),
  },

  'revoke user': {
    usage: 'revoke user EMAIL [--dry-run]',
    summary: 'End every session of a user, with effect. The user may log in again.',
    run: ({ revoke }, request, output) =>
      revokeOne(revoke, { email: one(request.positionals, 'EMAIL') }, request, output),
  },

  'revoke token': {
    usage: 'revoke token JTI [--dry-run]',
    summary: 'Revoke one access token by its jti, with effect; its session lives.',
    run: ({ revoke }, request, output) =>
      revokeOne(revoke, { jti: one(request.positionals, 'JTI') }, request, output),
  },

  'revoke client': {
    usage: 'revoke client ID [--dry-run]',
    summary: 'End every session whose tokens were issued to a client, with effect.',
    run: ({ revoke }, request, output) =>
      revokeOne(revoke, { clientId: one(request.positionals, 'ID') }, request, output),
  },

  'revoke sessions': {
    usage:
      'revoke sessions [--user ID] [--client ID] [--ip ADDRESS] [--created-from TIME] [--created-before TIME] [--dry-run]',
    summary: 'End every session for which all of that holds, with effect; TIME as 2030-01-31T12:00:00Z.',
    run: ({ revoke }, request, output) => {
      none(request.positionals);
      return revokeOne(revoke, { filter: readFilter(request) }, request, output);
    },
  },

  'revoke external': {
    usage: 'revoke external ID --expires-at TIME [--dry-run]',
    summary: 'Revoke a token of an earlier system until it expires; TIME as 2030-01-31T12:00:00Z.',
    run: ({ revoke }, request, output) => {
      const { positionals, expiresAt } = request;
      if (expiresAt === undefined)
        throw new UsageError('--expires-at: is required, as 2030-01-31T12:00:00Z.');
      const target = { externalId: one(positionals, 'ID'), expiresAt: readTime('expires-at', expiresAt) };
      return revokeOne(revoke, target, request, output);
    },
  },
};

function readFilter({ user, client, ip, createdFrom, createdBefore }: Arguments): FilterText {
  return {
    ...(user === undefined ? {} : { userId: user }),
    ...(client === undefined ? {} : { clientId: client }),
    ...(ip === undefined ? {} : { ip }),
    ...(createdFrom === undefined ? {} : { createdFrom: readTime('created-from', createdFrom) }),
    ...(createdBefore === undefined ? {} : { createdBefore: readTime('created-before', createdBefore) }),
  };
}

async function revokeOne(
  revoke: Operations['revoke'],
  target: RevocationTarget,
  { operator, json, dryRun }: Arguments,
  { out, err }: Output,
): Promise<void> {
  const { endedSessions, matchedSessions, effect } = await revoke(target, operator, { dryRun });
  if (dryRun) {
    if (json) return out(JSON.stringify({ matched_sessions: matchedSessions }));
    err('Nothing was changed. So many sessions would end:');
    return out(String(matchedSessions));
  }
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
