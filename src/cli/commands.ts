/**
 * The commands that work on what an authority owns. They run inside the authority when one is running on the folder,
 * else in the process of the command line: the same code, the same effect.
 */
import { randomBytes } from 'node:crypto';
import { parseArgs } from 'node:util';
import type { Origin } from '../audit/auditEvent.ts';
import { isPermission, type Permission, permissions } from '../authn/service.ts';
import type { Flows } from '../authority.ts';
import { rfc3339 } from '../core/clock.ts';
import { AuthorityError } from '../core/errors.ts';
import type { RevocationTarget } from '../flows/revoke.ts';
import type { CommandRequest, Output } from './control.ts';

/** The command was not understood: shown with the usage, exit code 2. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
}

interface Command {
  readonly usage: string;
  readonly summary: string;
  /** Reads the password from standard input before anything else. */
  readonly readsInput?: (argv: readonly string[]) => boolean;
  run(flows: Flows, request: Arguments, output: Output): Promise<void>;
}

interface Arguments {
  readonly positionals: readonly string[];
  readonly permissions: readonly string[] | undefined;
  readonly passwordStdin: boolean;
  readonly expiresAt: string | undefined;
  readonly json: boolean;
  readonly input: string | undefined;
}

const operator: Origin = { actor: 'operator' };

export const commands: Readonly<Record<string, Command>> = {
  'users create': {
    usage: 'users create EMAIL [--password-stdin]',
    summary: 'Make a user; without --password-stdin, print a new password as the last line.',
    readsInput: (argv) => argv.includes('--password-stdin'),
    async run({ register }, { positionals, passwordStdin, input, json }, { out, err }) {
      const email = one(positionals, 'EMAIL');
      const password = passwordStdin
        ? (input ?? '').replace(/\r?\n$/, '')
        : randomBytes(24).toString('base64url');
      const { userId } = await register({ email, password }, operator);
      if (json) return out(JSON.stringify({ user_id: userId, ...(passwordStdin ? {} : { password }) }));
      if (passwordStdin) return out(userId);
      err(`User ${userId} is made. The password is shown this once:`);
      out(password);
    },
  },

  'users disable': {
    usage: 'users disable EMAIL',
    summary: 'Disable a user and end every session, with effect.',
    async run({ disableUser }, { positionals, json }, { out, err }) {
      const { userId, endedSessions } = await disableUser(one(positionals, 'EMAIL'), operator);
      if (json) return out(JSON.stringify({ user_id: userId, ended_sessions: endedSessions }));
      err(`Disabled. Sessions ended: ${endedSessions}.`);
      out(userId);
    },
  },

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

  'services create': {
    usage: 'services create NAME [--permission PERMISSION …]',
    summary: `Make a service and print its token once. Permissions: ${permissions.join(', ')} (default: all).`,
    async run({ createService }, { positionals, permissions: asked, json }, { out, err }) {
      const name = one(positionals, 'NAME');
      const { token } = await createService({ name, permissions: readPermissions(asked) }, operator);
      if (json) return out(JSON.stringify({ name, token }));
      err(`Service ${name} is made. Its token is shown this once:`);
      out(token);
    },
  },

  'services list': {
    usage: 'services list',
    summary: 'List services: name, permissions, when made, whether revoked.',
    async run({ listServices }, { positionals, json }, { out }) {
      none(positionals);
      for (const { name, permissions: allowed, createdAt, revokedAt } of await listServices()) {
        const state = revokedAt === undefined ? 'live' : 'revoked';
        const line = { name, permissions: allowed, created_at: rfc3339(createdAt), state };
        out(json ? JSON.stringify(line) : [name, allowed.join(','), line.created_at, state].join('\t'));
      }
    },
  },

  'services revoke': {
    usage: 'services revoke NAME',
    summary: 'Revoke a service: its token stops within two seconds.',
    async run({ revokeService }, { positionals, json }, { out, err }) {
      const name = one(positionals, 'NAME');
      await revokeService(name, operator);
      if (json) return out(JSON.stringify({ name, state: 'revoked' }));
      err(`Service ${name} is revoked.`);
      out(name);
    },
  },
};

/** Runs a command over these flows and answers its exit code: 0 done, 1 refused, 2 not understood. */
export async function runCommand(
  flows: Flows,
  { argv, input }: CommandRequest,
  output: Output,
): Promise<number> {
  try {
    const { command, rest } = findCommand(argv);
    await command.run(flows, parse(rest, input), output);
    return 0;
  } catch (error) {
    if (error instanceof UsageError) {
      output.err(error.message);
      return 2;
    }
    if (!(error instanceof AuthorityError)) throw error;
    output.err(error.message);
    return 1;
  }
}

/** Throws `UsageError` when there is no such command. */
export function findCommand(argv: readonly string[]): { command: Command; rest: readonly string[] } {
  const name = argv.slice(0, 2).join(' ');
  const command = Object.hasOwn(commands, name) ? commands[name] : undefined;
  if (command === undefined) throw new UsageError(`There is no command ${JSON.stringify(name)}; see --help.`);
  return { command, rest: argv.slice(2) };
}

function parse(argv: readonly string[], input: string | undefined): Arguments {
  try {
    const { values, positionals } = parseArgs({
      args: [...argv],
      allowPositionals: true,
      options: {
        permission: { type: 'string', multiple: true },
        'password-stdin': { type: 'boolean', default: false },
        'expires-at': { type: 'string' },
        json: { type: 'boolean', default: false },
      },
    });
    const { permission, 'password-stdin': passwordStdin, 'expires-at': expiresAt, json } = values;
    return { positionals, permissions: permission, passwordStdin, expiresAt, json, input };
  } catch (error) {
    throw new UsageError((error as Error).message);
  }
}

function one(positionals: readonly string[], name: string): string {
  const [value, ...others] = positionals;
  if (value === undefined || others.length > 0) throw new UsageError(`Give exactly one ${name}; see --help.`);
  return value;
}

function none(positionals: readonly string[]): void {
  if (positionals.length > 0) throw new UsageError('This command takes no arguments; see --help.');
}

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

function readPermissions(asked: readonly string[] | undefined): readonly Permission[] {
  if (asked === undefined) return permissions;
  return [...new Set(asked)].map((text) => {
    if (!isPermission(text)) {
      throw new UsageError(
        `--permission: must be one of ${permissions.join(', ')}; given ${JSON.stringify(text)}`,
      );
    }
    return text;
  });
}
