/** `countersign resources …` and `countersign roles …`: what users may do. */
import { rfc3339, systemClock } from '@countersign/verifier/clock';
import { formatDuration } from '../platform/config/durations.ts';
import type { Subject } from '../sessions/store.ts';
import {
  type Asks,
  type CommandContext,
  collect,
  type Program,
  readDuration,
  readTime,
  UsageError,
} from '../transport/cli/command.ts';
import type { Bearer, GrantsPage } from './grants.ts';
import { rightsLimits } from './limits.ts';
import type { RightsTakenAway } from './takeAway.ts';

const dryRunText = 'change nothing, and print how many sessions it would touch at most';

export function mountRights(program: Program, asks: Asks): void {
  mountResources(program, asks);
  mountRoles(program, asks);
}

function mountResources(program: Program, asks: Asks): void {
  const resources = program.command('resources').description('What tokens are for: list, set, remove.');

  resources
    .command('list')
    .description('List resources: audience, scopes, those that everyone has, lifetime of access tokens.')
    .action(() => asks(listResources, { columns: ['AUDIENCE', 'SCOPES', 'EVERYONE', 'LIFETIME'] }));

  resources
    .command('set')
    .argument('<AUDIENCE>')
    .option('--scope <SCOPE>', 'a scope that means something there; may be repeated', collect)
    .option('--everyone <SCOPE>', 'the same, and every user has it; may be repeated', collect)
    .option(
      '--lifetime <DURATION>',
      'of its access tokens (default: ACCESS_TOKEN_TTL)',
      readDuration('lifetime'),
    )
    .option('--dry-run', dryRunText)
    .description(
      'Declare a resource, or replace what was declared. Scopes that go are taken away from everybody.',
    )
    .action((audience, { scope = [], everyone = [], lifetime, dryRun }) => {
      const resource = { audience, scopes: [...scope, ...everyone], everyone, accessTtlMs: lifetime };
      asks(({ operations, operator, ...context }) =>
        operations.setResource(resource, operator, { dryRun }).then(telling(context, dryRun)),
      );
    });

  resources
    .command('remove')
    .argument('<AUDIENCE>')
    .option('--dry-run', dryRunText)
    .description(
      'Remove a resource: every right there is taken away, and no token is issued for it any more.',
    )
    .action((audience, { dryRun }) =>
      asks(({ operations, operator, ...context }) =>
        operations.removeResource(audience, operator, { dryRun }).then(telling(context, dryRun)),
      ),
    );
}

function mountRoles(program: Program, asks: Asks): void {
  const roles = program
    .command('roles')
    .description('Roles of users: list, set, remove, grant, take, grants.');

  roles
    .command('list')
    .description(
      'List roles, a line for each audience: role, audience, scopes, whether it asks for a second factor.',
    )
    .action(() => asks(listRoles, { columns: ['ROLE', 'AUDIENCE', 'SCOPES', 'SECOND FACTOR'] }));

  roles
    .command('set')
    .argument('<ROLE>')
    .option('--audience <AUDIENCE>', 'required: a declared resource')
    .option(
      '--scope <SCOPE>',
      'a scope of the resource; may be repeated; none: tokens only name the role',
      collect,
    )
    .option('--second-factor', 'users have it only in sessions that a second factor proved')
    .option('--no-second-factor', 'in others, too; without either option that stays as it is')
    .option('--dry-run', dryRunText)
    .description('Declare a role, or replace what it is worth at one audience.')
    .action((name, { audience, scope: scopes = [], secondFactor, dryRun }) => {
      if (audience === undefined) throw new UsageError('--audience: is required.');
      const role = { name, audience, scopes, secondFactor };
      asks(({ operations, operator, ...context }) =>
        operations.setRole(role, operator, { dryRun }).then(telling(context, dryRun)),
      );
    });

  roles
    .command('remove')
    .argument('<ROLE>')
    .option('--audience <AUDIENCE>', 'only what it is worth there')
    .option('--dry-run', dryRunText)
    .description('Take a role away from everybody.')
    .action((name, { audience, dryRun }) =>
      asks(({ operations, operator, ...context }) =>
        operations.removeRole({ name, audience }, operator, { dryRun }).then(telling(context, dryRun)),
      ),
    );

  mountGrants(roles, asks);
}

function mountGrants(roles: ReturnType<Program['command']>, asks: Asks): void {
  roles
    .command('grant')
    .argument('<ROLE>')
    .argument('[EMAIL]')
    .option('--client <CLIENT>', 'instead of a user: a client, by id or name')
    .option('--for <DURATION>', 'it ends after this, as 30d', readDuration('for'))
    .option('--until <TIME>', 'it ends then, as 2030-01-31T12:00:00Z', readTime('until'))
    .description('Give a role to a user or a client; the next token carries it.')
    .action((role, email, { client, for: lasting, until }) => {
      if (lasting !== undefined && until !== undefined)
        throw new UsageError('--for, --until: give one of them.');
      const expiresAt = lasting === undefined ? until : systemClock.now() + lasting;
      const bearer = readBearer(email, client);
      asks(({ operations, operator, ...context }) =>
        operations.grantRole({ role, ...bearer, expiresAt }, operator).then(telling(context, undefined)),
      );
    });

  roles
    .command('take')
    .argument('<ROLE>')
    .argument('[EMAIL]')
    .option('--client <CLIENT>', 'instead of a user: a client, by id or name')
    .option('--dry-run', dryRunText)
    .description(
      'Take a role away from a user or a client. No service honours it any more when this returns.',
    )
    .action((role, email, { client, dryRun }) => {
      const bearer = readBearer(email, client);
      asks(({ operations, operator, ...context }) =>
        operations.takeRole({ role, ...bearer }, operator, { dryRun }).then(telling(context, dryRun)),
      );
    });

  roles
    .command('grants')
    .option('--user <EMAIL>', 'the roles of this user')
    .option('--client <CLIENT>', 'the roles of this client')
    .option('--role <ROLE>', 'who has this role')
    .option('--after <ID>', 'with --role, the next page: the last one of the previous page')
    .description(
      `List who has which role: role, user or client, since when, by whom, until when. At most ${rightsLimits.grantsPageRows} of a role.`,
    )
    .action(({ user, client, role, after }) => {
      if ([user, client, role].filter((each) => each !== undefined).length !== 1)
        throw new UsageError('--user, --client, --role: give one of them.');
      const which =
        role === undefined ? readBearer(user, client) : { role, after: after as Subject | undefined };
      asks((context) => listGrants(which, context), {
        columns: ['ROLE', 'USER OR CLIENT', 'SINCE', 'BY', 'UNTIL'],
      });
    });
}

function telling({ json, out, err }: Pick<CommandContext, 'json' | 'out' | 'err'>, dryRun: true | undefined) {
  return ({ sessions, effect }: RightsTakenAway) => {
    if (dryRun === true) {
      if (json) return out(JSON.stringify({ matched_sessions: sessions }));
      err('Nothing was changed. Sessions that it would touch at most:');
      return out(String(sessions));
    }
    if (json) {
      const effectTime = effect && rfc3339(effect.effectAt);
      return out(
        JSON.stringify({ touched_sessions: sessions, effect_time: effectTime, nodes: effect?.nodes ?? [] }),
      );
    }
    err(
      effect === undefined
        ? 'Done. No session had a right that is gone.'
        : `In effect after ${Math.ceil(effect.milliseconds)} ms. Sessions that go on with fewer rights:`,
    );
    out(String(sessions));
  };
}

async function listResources({ operations, json, out }: CommandContext): Promise<void> {
  for (const { audience, scopes, everyone, accessTtlMs } of await operations.listResources()) {
    const lifetime = accessTtlMs === undefined ? undefined : formatDuration(accessTtlMs);
    if (json) out(JSON.stringify({ audience, scopes, everyone, lifetime: lifetime ?? null }));
    else out([audience, scopes.join(' ') || '-', everyone.join(' ') || '-', lifetime ?? '-'].join('\t'));
  }
}

async function listRoles({ operations, json, out }: CommandContext): Promise<void> {
  for (const { name, audiences } of await operations.listRoles()) {
    if (json) {
      const worth = audiences.map(({ secondFactor, ...rest }) => ({ ...rest, second_factor: secondFactor }));
      out(JSON.stringify({ name, audiences: worth }));
    } else if (audiences.length === 0) out([name, '-', '-', '-'].join('\t'));
    else
      for (const { audience, scopes, secondFactor } of audiences)
        out([name, audience, scopes.join(' ') || '-', secondFactor ? 'required' : '-'].join('\t'));
  }
}

function readBearer(email: string | undefined, client: string | undefined): Bearer {
  if (email !== undefined && client === undefined) return { user: { email } };
  if (client !== undefined && email === undefined) return { client };
  throw new UsageError('Give the e-mail of a user, or --client.');
}

async function listGrants(which: GrantsPage, { operations, json, out }: CommandContext): Promise<void> {
  for (const grant of await operations.listGrants(which)) {
    const since = rfc3339(grant.grantedAt);
    const until = grant.expiresAt === undefined ? undefined : rfc3339(grant.expiresAt);
    const { role: name, subject, grantedBy } = grant;
    if (json)
      out(
        JSON.stringify({
          role: name,
          subject,
          granted_at: since,
          granted_by: grantedBy,
          expires_at: until ?? null,
        }),
      );
    else out([name, subject, since, grantedBy, until ?? '-'].join('\t'));
  }
}
