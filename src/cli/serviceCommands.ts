import { isPermission, type Permission, permissions, usualPermissions } from '../authn/service.ts';
import { rfc3339 } from '../core/clock.ts';
import { type Commands, none, one, operator, UsageError } from './command.ts';

export const serviceCommands: Commands = {
  'services create': {
    usage: 'services create NAME [--permission PERMISSION …]',
    summary: `Make a service and print its token once. Permissions: ${permissions.join(', ')} (default: those of tokens).`,
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

function readPermissions(asked: readonly string[] | undefined): readonly Permission[] {
  if (asked === undefined) return usualPermissions;
  return [...new Set(asked)].map((text) => {
    if (!isPermission(text)) {
      throw new UsageError(
        `--permission: must be one of ${permissions.join(', ')}; given ${JSON.stringify(text)}`,
      );
    }
    return text;
  });
}
