import { rfc3339, systemClock } from '@countersign/verifier/clock';
import { formatDuration } from '../platform/config/durations.ts';
import {
  type Arguments,
  type Commands,
  none,
  one,
  readDuration,
  readTime,
  UsageError,
} from '../transport/cli/command.ts';
import { serviceLimits } from './limits.ts';
import {
  isPermission,
  type Permission,
  permissions,
  type ServiceWithTokens,
  usualPermissions,
} from './service.ts';

export const serviceCommands: Commands = {
  'services create': {
    usage:
      'services create NAME [--permission PERMISSION …] [--certificate SAN] [--expires-in DURATION | --expires-at TIME]',
    begins: true,
    summary: `Make a service and print its token once. Permissions: ${permissions.join(', ')} (default: ${usualPermissions.join(' and ')}). SAN: the URI or DNS name in its client certificates. The token expires only if that is said.`,
    async run({ createService }, request, { out, err }) {
      const { operator, positionals, certificate, json } = request;
      const name = one(positionals, 'NAME');
      const service = { name, permissions: readPermissions(request.permissions), certificate };
      const { token } = await createService({ ...service, expiresAt: readExpiry(request) }, operator);
      if (json) return out(JSON.stringify({ name, token }));
      err(`Service ${name} is made. Its token is shown this once:`);
      out(token);
    },
  },

  'services rotate': {
    usage: 'services rotate NAME [--keep-old DURATION] [--expires-in DURATION | --expires-at TIME]',
    summary: `Print a new token of a service once. The one before stays good for ${formatDuration(serviceLimits.serviceTokenKeptMilliseconds)}, or as --keep-old says; one before that ends. 0s ends all others, within two seconds.`,
    async run({ rotateServiceToken }, request, { out, err }) {
      const { operator, positionals, keepOld, json } = request;
      const name = one(positionals, 'NAME');
      const keepOldMs = keepOld === undefined ? undefined : readDuration('keep-old', keepOld);
      const rotation = { name, keepOldMs, expiresAt: readExpiry(request) };
      const { token, oldUntil } = await rotateServiceToken(rotation, operator);
      if (json) return out(JSON.stringify({ name, token, old_token_until: rfc3339(oldUntil) }));
      err(
        `Service ${name} has a new token, which is shown this once. The one before ends at ${rfc3339(oldUntil)}:`,
      );
      out(token);
    },
  },

  'services list': {
    usage: 'services list',
    summary:
      'List services: name, permissions, when made, whether revoked, name in certificates; then of each token when and by whom it was made, when it expires, and when it was used last, to the hour.',
    async run({ listServices }, { positionals, json }, { out }) {
      none(positionals);
      for (const service of await listServices())
        out(json ? JSON.stringify(asJson(service)) : asLine(service));
    },
  },

  'services revoke': {
    usage: 'services revoke NAME',
    summary: 'Revoke a service: its tokens, and its certificate, stop within two seconds.',
    async run({ revokeService }, { operator, positionals, json }, { out, err }) {
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

function readExpiry({ expiresAt, expiresIn }: Arguments): number | undefined {
  if (expiresAt !== undefined && expiresIn !== undefined)
    throw new UsageError('--expires-at, --expires-in: give one of them.');
  if (expiresAt !== undefined) return readTime('expires-at', expiresAt);
  return expiresIn === undefined ? undefined : systemClock.now() + readDuration('expires-in', expiresIn);
}

function asJson(service: ServiceWithTokens) {
  const { name, permissions: allowed, createdAt, revokedAt, certificateName, tokens } = service;
  return {
    name,
    permissions: allowed,
    created_at: rfc3339(createdAt),
    state: revokedAt === undefined ? 'live' : 'revoked',
    certificate: certificateName ?? '',
    tokens: tokens.map(({ createdAt: madeAt, createdBy, expiresAt, lastUsedAt }) => ({
      created_at: rfc3339(madeAt),
      created_by: createdBy,
      expires_at: expiresAt === undefined ? null : rfc3339(expiresAt),
      last_used_at: lastUsedAt === undefined ? null : rfc3339(lastUsedAt),
    })),
  };
}

function asLine(service: ServiceWithTokens): string {
  const { name, permissions: allowed, created_at: createdAt, state, certificate, tokens } = asJson(service);
  const shown = tokens.map(
    ({ created_at: madeAt, created_by: by, expires_at: expiry, last_used_at: used }) =>
      `token of ${madeAt} by ${by}, expires ${expiry ?? 'never'}, used ${used ?? 'never'}`,
  );
  return [name, allowed.join(','), createdAt, state, certificate || '-', ...shown].join('\t');
}
