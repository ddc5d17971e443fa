/** `countersign clients …`: applications and services as OAuth clients. */
import { rfc3339 } from '@countersign/verifier/clock';
import { readPermissions } from '../../services/cli.ts';
import {
  type ClientKind,
  clientKinds,
  type PublicJwks,
  permissions,
  type Service,
} from '../../services/service.ts';
import {
  type Asks,
  type CommandContext,
  collect,
  type Program,
  UsageError,
} from '../../transport/cli/command.ts';
import { type NewClient, parseJwks } from './checkClient.ts';
import type { ClientChanges } from './updateClient.ts';

export function mountClients(program: Program, asks: Asks): void {
  const clients = program
    .command('clients')
    .description('Applications and services as OAuth clients: create, set, list, disable, enable.');

  clients
    .command('create')
    .argument('<NAME>')
    .option('--kind <KIND>', `${clientKinds.join(', ')} (default: service)`, readKind)
    .option('--permission <PERMISSION>', `may be repeated: ${permissions.join(', ')}`, readPermissions)
    .option(
      '--audience <AUDIENCE>',
      'whose tokens it may ask about and exchange; may be repeated (default: AUDIENCE)',
      collect,
    )
    .option('--scope <SCOPE>', 'what it may ask of its users; may be repeated', collect)
    .option('--redirect-uri <URI>', 'where its users come back to; may be repeated', collect)
    .option(
      '--post-logout-redirect-uri <URI>',
      'where its users may go after a logout; may be repeated',
      collect,
    )
    .option('--backchannel-logout-uri <URI>', 'where it is told that sessions of its users ended')
    .option(
      '--pairwise',
      'ID tokens and userinfo give it a sub of its own for each user; its access tokens still carry the id',
    )
    .option('--public', 'it cannot keep a secret, as an application in a browser')
    .option('--certificate <NAME>', 'it has a certificate with this URI or DNS name, and no secret')
    .option('--certificate-bound', 'its access tokens are good only with its certificate')
    .option('--jwks <JSON>', 'its public keys (RFC 7517): it signs instead of sending a secret', readJwks)
    .description(
      'Create a client. Prints its client_id, and as last line its secret, which is shown only once.',
    )
    .action(
      (
        name,
        { kind = 'service', permission, audience, scope, redirectUri, public: isPublic, jwks, ...more },
      ) => {
        const client: NewClient = {
          ...{ name, kind, permissions: permission ?? [], audiences: audience ?? [], scopes: scope ?? [] },
          ...{ redirectUris: redirectUri ?? [], jwks, isPublic: isPublic === true },
          postLogoutRedirectUris: more.postLogoutRedirectUri ?? [],
          ...{ backchannelLogoutUri: more.backchannelLogoutUri, isPairwise: more.pairwise === true },
          ...{ certificate: more.certificate, certificateBound: more.certificateBound === true },
        };
        asks((context) => create(client, context), { begins: true });
      },
    );

  mountSet(clients, asks);

  clients
    .command('list')
    .description('List clients: client_id, name, kind, state, permissions, creation.')
    .action(() => asks(list, { columns: ['CLIENT ID', 'NAME', 'KIND', 'STATE', 'PERMISSIONS', 'CREATED'] }));

  clients
    .command('disable')
    .argument('<CLIENT>')
    .description(
      'Disable a client, by id or name: its tokens and those of its users are refused when this returns.',
    )
    .action((name) => asks((context) => disable(name, context)));

  clients
    .command('enable')
    .argument('<CLIENT>')
    .description('Let a disabled client ask for tokens again.')
    .action((name) => asks((context) => enable(name, context)));
}

function mountSet(clients: Program, asks: Asks): void {
  clients
    .command('set')
    .argument('<CLIENT>')
    .option('--permission <PERMISSION>', 'may be repeated', orNone(readPermissions))
    .option(
      '--audience <AUDIENCE>',
      'whose tokens it may ask about and exchange; may be repeated',
      orNone(collect),
    )
    .option('--scope <SCOPE>', 'what it may ask of its users; may be repeated', orNone(collect))
    .option('--redirect-uri <URI>', 'where its users come back to; may be repeated', orNone(collect))
    .option(
      '--post-logout-redirect-uri <URI>',
      'where its users may go after a logout; may be repeated',
      orNone(collect),
    )
    .option('--backchannel-logout-uri <URI>', 'where it is told that sessions of its users ended')
    .option('--certificate <NAME>', 'the URI or DNS name in its certificates, if it has any')
    .option('--certificate-bound', 'its access tokens are good only with its certificate')
    .option('--no-certificate-bound', 'its next access tokens are good without it')
    .option('--jwks <JSON>', 'its public keys (RFC 7517), if it has any', readJwks)
    .description(
      "Change a client, by id or name. Each option replaces all that was set; '' leaves none. What that takes away is refused when this returns.",
    )
    .action((name, { permission, audience, scope, redirectUri, postLogoutRedirectUri, ...given }) => {
      const changes: ClientChanges = {
        ...{ permissions: permission, audiences: audience, scopes: scope, redirectUris: redirectUri },
        ...{ postLogoutRedirectUris: postLogoutRedirectUri, ...given },
      };
      if (Object.values(changes).every((each) => each === undefined))
        throw new UsageError('Give at least one option: nothing would change.');
      asks((context) => set(name, changes, context));
    });
}

/** An empty value leaves none. */
function orNone<T>(read: (text: string, before?: readonly T[]) => readonly T[]) {
  return (text: string, before: readonly T[] = []): readonly T[] =>
    text === '' ? before : read(text, before);
}

async function set(
  name: string,
  changes: ClientChanges,
  { operations, operator, json, out, err }: CommandContext,
): Promise<void> {
  const { sessions, effect } = await operations.updateClient(name, changes, operator);
  if (json) return out(JSON.stringify({ client: name, touched_sessions: sessions }));
  const after = effect === undefined ? '' : ` In effect after ${Math.ceil(effect.milliseconds)} ms.`;
  err(`Client ${name} is changed.${after} Sessions whose tokens are refused:`);
  out(String(sessions));
}

async function create(
  client: NewClient,
  { operations, operator, json, out, err }: CommandContext,
): Promise<void> {
  const { id, token } = await operations.createClient(client, operator);
  if (json) return out(JSON.stringify({ client_id: id, client_secret: token || null }));
  err(
    `Client ${client.name} is created.${token === '' ? '' : ' The last line is its secret, which is shown only once.'}`,
  );
  out(id);
  if (token !== '') out(token);
}

async function list({ operations, json, out }: CommandContext): Promise<void> {
  for (const client of await operations.listClients()) {
    const shown = asJson(client);
    const { client_id: id, name, kind, state, permissions: allowed, created_at: created } = shown;
    out(json ? JSON.stringify(shown) : [id, name, kind, state, allowed.join(',') || '-', created].join('\t'));
  }
}

async function disable(
  name: string,
  { operations, operator, json, out, err }: CommandContext,
): Promise<void> {
  const { sessions, effect } = await operations.disableClient(name, operator);
  if (json) return out(JSON.stringify({ client: name, state: 'disabled', touched_sessions: sessions }));
  const after = effect === undefined ? '' : ` In effect after ${Math.ceil(effect.milliseconds)} ms.`;
  err(`Client ${name} is disabled.${after} Sessions of its users whose tokens are refused:`);
  out(String(sessions));
}

async function enable(name: string, { operations, operator, json, out, err }: CommandContext): Promise<void> {
  await operations.enableClient(name, operator);
  if (json) return out(JSON.stringify({ client: name, state: 'live' }));
  err(`Client ${name} may ask for tokens again.`);
  out(name);
}

function asJson(client: Service) {
  const {
    id,
    name,
    kind,
    permissions: allowed,
    audiences,
    scopes,
    redirectUris,
    postLogoutRedirectUris,
    backchannelLogoutUri,
    subjectSalt,
    certificateName,
    certificateBound,
    jwks,
    createdAt,
    disabledAt,
  } = client;
  return {
    ...{ client_id: id, name, kind, permissions: allowed, audiences, scopes, redirect_uris: redirectUris },
    post_logout_redirect_uris: postLogoutRedirectUris,
    backchannel_logout_uri: backchannelLogoutUri ?? null,
    subject_type: subjectSalt === undefined ? 'public' : 'pairwise',
    jwks: jwks ?? null,
    certificate: certificateName?.replace(/^(URI|DNS):/, '') ?? null,
    tls_client_certificate_bound_access_tokens: certificateBound,
    created_at: rfc3339(createdAt),
    state: disabledAt === undefined ? 'live' : 'disabled',
  };
}

function readKind(text: string): ClientKind {
  const kind = clientKinds.find((each) => each === text);
  if (kind !== undefined) return kind;
  throw new UsageError(`--kind: must be one of ${clientKinds.join(', ')}; given ${JSON.stringify(text)}`);
}

function readJwks(text: string): PublicJwks {
  const jwks = parseJwks(text);
  if (jwks !== undefined) return jwks;
  throw new UsageError(
    '--jwks: must be a JSON Web Key Set, as {"keys":[{"kty":"EC","crv":"P-256","x":"…","y":"…"}]}',
  );
}
