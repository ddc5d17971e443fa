import { isPermission, type Permission, permissions, usualPermissions } from '../authn/service.ts';
import { rfc3339 } from '../core/clock.ts';
import { type Commands, none, one, operator, UsageError } from './command.ts';

export const serviceCommands: Commands = {
  'services create': {
    usage: 'services create NAME [--permission PERMISSION …] [--certificate SAN]',
    begins: true,
    summary: `Make a service and print its token once. Permissions: ${permissions.join(', ')} (default: those of tokens). SAN: the URI or DNS name in its client certificates.`,
    async run({ createService }, { positionals, permissions: asked, certificate, json }, { out, err }) {
      const name = one(positionals, 'NAME');
      const { token } = await createService(
        { name, permissions: readPermissions(asked), certificate },
        operator,
      );
      if (json) return out(JSON.stringify({ name, token }));
      err(`Service ${name} is made. Its token is shown this once:`);
      out(token);
    },
  },

  'services list': {
    usage: 'services list',
    summary: 'List services: name, permissions, when made, whether revoked, name in certificates.',
    async run({ listServices }, { positionals, json }, { out }) {
      none(positionals);
      for (const {
        name,
        permissions: allowed,
        certificateName,
        createdAt,
        revokedAt,
      } of await listServices()) {
        const state = revokedAt === undefined ? 'live' : 'revoked';
        const line = { name, permissions: allowed, created_at: rfc3339(createdAt), state };
        const certificate = certificateName ?? '';
        if (json) out(JSON.stringify({ ...line, certificate }));
        else out([name, allowed.join(','), line.created_at, state, certificate].join('\t').trimEnd());
      }
    },
  },

  'services revoke': {
    usage: 'services revoke NAME',
    summary: 'Revoke a service: its token, or certificate, stops within two seconds.',
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
