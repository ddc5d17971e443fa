/** `countersign services …`: services and their tokens. */
import { rfc3339, systemClock } from '@countersign/verifier/clock';
import { formatDuration } from '../platform/config/durations.ts';

import {
  type Asks,
  type CommandContext,
  type Program,
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

export function mountServices(program: Program, asks: Asks): void {
  const services = program
    .command('services')
    .description('Services and their tokens: create, rotate, list, revoke.');
  const command = (name: string, description: string) => services.command(name).description(description);
  const issuing = (name: string, description: string) =>
    command(name, description)
      .argument('<NAME>')
      .option('--expires-in <DURATION>', 'the token expires after this, as 90d', readDuration('expires-in'))
      .option(
        '--expires-at <TIME>',
        'the token expires then, as 2030-01-31T12:00:00Z',
        readTime('expires-at'),
      );

  issuing(
    'create',
    'Create a service and print its token, which is shown only once. By default the token never expires.',
  )
    .option(
      '--permission <PERMISSION>',
      `may be repeated: ${permissions.join(', ')} (default: ${usualPermissions.join(' and ')})`,
      readPermissions,
    )
    .option('--certificate <SAN>', 'the URI or DNS name in its client certificates')
    .action((name, { permission = usualPermissions, certificate, ...expiry }) => {
      const service = { name, permissions: permission, certificate, expiresAt: readExpiry(expiry) };
      asks((context) => create(service, context), { begins: true });
    });

  issuing(
    'rotate',
    'Print a new token of a service, which is shown only once. The previous one stays valid for a while; any older one ends.',
  )
    .option(
      '--keep-old <DURATION>',
      `how long the previous one stays valid (default: ${formatDuration(serviceLimits.serviceTokenKeptMilliseconds)}); 0s ends all others, within two seconds`,
      readDuration('keep-old'),
    )
    .action((name, { keepOld, ...expiry }) => {
      const rotation = { name, keepOldMs: keepOld, expiresAt: readExpiry(expiry) };
      asks((context) => rotate(rotation, context));
    });

  command(
    'list',
    'List services: name, permissions, creation time, whether revoked, name in certificates; then each token: creation time and creator, expiry, last use to the hour.',
  ).action(() =>
    asks(listAll, { columns: ['NAME', 'PERMISSIONS', 'CREATED', 'STATE', 'CERTIFICATE', 'TOKENS'] }),
  );

  command('revoke', 'Revoke a service: its tokens, and its certificate, stop within two seconds.')
    .argument('<NAME>')
    .action((name) => asks((context) => revoke(name, context)));
}

async function create(
  service: Parameters<CommandContext['operations']['createService']>[0],
  { operations, operator, json, out, err }: CommandContext,
): Promise<void> {
  const { name } = service;
  const { token } = await operations.createService(service, operator);
  if (json) return out(JSON.stringify({ name, token }));
  err(`Service ${name} is created. Its token is shown only once:`);
  out(token);
}

async function rotate(
  rotation: Parameters<CommandContext['operations']['rotateServiceToken']>[0],
  { operations, operator, json, out, err }: CommandContext,
): Promise<void> {
  const { name } = rotation;
  const { token, oldUntil } = await operations.rotateServiceToken(rotation, operator);
  if (json) return out(JSON.stringify({ name, token, old_token_until: rfc3339(oldUntil) }));
  err(`Service ${name} has a new token, shown only once. The previous one ends at ${rfc3339(oldUntil)}:`);
  out(token);
}

async function listAll({ operations, json, out }: CommandContext): Promise<void> {
  for (const service of await operations.listServices())
    out(json ? JSON.stringify(asJson(service)) : asLine(service));
}

async function revoke(name: string, { operations, operator, json, out, err }: CommandContext): Promise<void> {
  await operations.revokeService(name, operator);
  if (json) return out(JSON.stringify({ name, state: 'revoked' }));
  err(`Service ${name} is revoked.`);
  out(name);
}

/** Adds to the permissions given so far. */
export function readPermissions(text: string, before: readonly Permission[] = []): readonly Permission[] {
  if (isPermission(text)) return [...new Set([...before, text])];
  throw new UsageError(
    `--permission: must be one of ${permissions.join(', ')}; given ${JSON.stringify(text)}`,
  );
}

interface Expiry {
  readonly expiresAt?: number | undefined;
  readonly expiresIn?: number | undefined;
}

function readExpiry({ expiresAt, expiresIn }: Expiry): number | undefined {
  if (expiresAt !== undefined && expiresIn !== undefined)
    throw new UsageError('--expires-at, --expires-in: give one of them.');
  return expiresIn === undefined ? expiresAt : systemClock.now() + expiresIn;
}

function asJson(service: ServiceWithTokens) {
  const { name, permissions: allowed, createdAt, disabledAt, revokedAt, certificateName, tokens } = service;
  return {
    name,
    permissions: allowed,
    created_at: rfc3339(createdAt),
    state: revokedAt !== undefined ? 'revoked' : disabledAt === undefined ? 'live' : 'disabled',
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
