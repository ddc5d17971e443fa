/** `countersign keys …`: key administration by the operator. */
import { rfc3339 } from '@countersign/verifier/clock';
import type { Asks, CommandContext, Program } from '../transport/cli/command.ts';
import type { ListedKey } from './listKeys.ts';

export function mountKeys(program: Program, asks: Asks): void {
  const keys = program.command('keys').description('Signing keys: list, rotate, revoke, reseal.');

  keys
    .command('list')
    .description('List signing keys, newest first: kid, state, creation time, time of the last change.')
    .action(() => asks(listAll, { columns: ['KID', 'STATE', 'CREATED', 'SINCE'] }));

  keys
    .command('rotate')
    .description(
      'Sign with the next key from now on, and print its kid. Refused while caches may lack that key.',
    )
    .action(() => asks(rotate));

  keys
    .command('revoke')
    .argument('<KID>', 'as `keys list` prints it')
    .description('Emergency: revoke a key and every token it signed. Prints how many sessions ended.')
    .action((kid) => asks((context) => revoke(kid, context)));

  keys
    .command('reseal')
    .description('Seal again with KEY_ENCRYPTION_KEY what a key of KEY_DECRYPTION_KEYS has sealed.')
    .action(() => asks(reseal));
}

async function listAll({ operations, json, out }: CommandContext): Promise<void> {
  for (const key of await operations.listKeys()) {
    const { kid, state } = key;
    const line = { kid, state, created_at: rfc3339(key.createdAt), since: since(key) };
    out(json ? JSON.stringify(line) : Object.values(line).join('\t'));
  }
}

function since(key: ListedKey): string {
  const { createdAt, activatedAt, retiringAt, retiredAt, revokedAt } = key;
  const at = {
    next: createdAt,
    active: activatedAt,
    retiring: retiringAt,
    retired: retiredAt,
    revoked: revokedAt,
  };
  return rfc3339(at[key.state] ?? createdAt);
}

async function rotate({ operations, operator, json, out, err }: CommandContext): Promise<void> {
  const { kid, rotated } = await operations.rotateKey(operator);
  if (json) return out(JSON.stringify({ kid, rotated }));
  err(rotated ? 'Rotated. This key signs now:' : 'Rotated by another node a moment ago. This key signs now:');
  out(kid);
}

async function revoke(kid: string, { operations, operator, json, out, err }: CommandContext): Promise<void> {
  const { endedSessions, effectAt } = await operations.revokeKey(kid, operator);
  if (json)
    return out(JSON.stringify({ kid, ended_sessions: endedSessions, effect_time: rfc3339(effectAt) }));
  err(
    `Key ${kid} is revoked. Verifiers that cache the JWKS learn of it with their next request. Sessions ended:`,
  );
  out(String(endedSessions));
}

async function reseal({ operations, operator, json, out, err, progress }: CommandContext): Promise<void> {
  const onPage = (count: number) => progress?.(`Sealed again: the secrets of ${count} sessions`);
  const { signingKeys, totpSecrets, messages, sessions, unreadable } = await operations.resealKeys(
    operator,
    onPage,
  );
  if (json) {
    const unread = { unreadable_sessions: unreadable.count };
    const resealed = { signing_keys: signingKeys, totp_secrets: totpSecrets, messages, sessions };
    return out(JSON.stringify({ ...resealed, ...unread }));
  }
  if (unreadable.count > 0)
    err(`No key opens the secrets of ${unreadable.count} sessions, the first is ${unreadable.first}.`);
  err(
    `Sealed again: ${signingKeys} signing keys, ${totpSecrets} authenticator apps, ${messages} waiting messages, and the secrets of this many sessions:`,
  );
  out(String(sessions));
}
