/** The linked identities of a user over HTTP. Changes need a recent proof. */
import { rfc3339 } from '@countersign/verifier/clock';
import type { FactorId, UserId } from '@countersign/verifier/ids';
import { forgetBrowser, hasRefreshCookieOf } from '../../sessions/refreshCookie.ts';
import type { MountRoutes } from '../../transport/http/app.ts';
import type { Authenticate } from '../../transport/http/caller.ts';
import { noContent, operation, optionalBody } from '../../transport/http/route.ts';
import type { ListedFactor } from '../factors/factors.ts';
import type { RequireRecentProof } from '../factors/recentProof.ts';
import type { RemoveFactor } from '../factors/removeFactor.ts';
import type { Attempts } from './attempt.ts';
import { destinationOf, keepAttempt } from './http.ts';
import * as schemas from './schemas.ts';
import type { StartLink } from './startProvider.ts';

export interface LinkOperations {
  readonly startLink: StartLink;
  readonly listLinks: (userId: UserId) => Promise<readonly ListedFactor[]>;
  readonly unlink: RemoveFactor;
  readonly attempts: Pick<Attempts, 'cookieOf'>;
  readonly requireRecentProof: RequireRecentProof;
}

export function linkRoutes(operations: LinkOperations): readonly MountRoutes[] {
  return [startRoute(operations), listRoute(operations), unlinkRoute(operations)];
}

function admission(
  { requireRecentProof }: LinkOperations,
  { authenticate, rateLimits }: Parameters<MountRoutes>[1],
) {
  return async (request: Parameters<Authenticate>[0]) => {
    const claims = await authenticate(request);
    await rateLimits.spend('provider', claims.sub, request);
    await requireRecentProof(claims);
    return { userId: claims.sub, sessionId: claims.sid };
  };
}

/**
 * Not a GET, and the answer itself sets the cookie: a link that somebody sends could else make a browser link its owner's identity with
 * the sender's account.
 */
function startRoute(operations: LinkOperations): MountRoutes {
  const schema = {
    params: schemas.nameParams,
    body: schemas.destination,
    ...operation({
      summary: 'Link an identity at another provider with my account: the page sends the browser to location',
      bearer: true,
      refusals: [400, 404, 429],
      response: { 200: schemas.locationBody },
    }),
  };
  return (app, mount) => {
    const admit = admission(operations, mount);
    const options = { preValidation: optionalBody, schema, ...mount.rateLimits.placeHook('provider') };
    app.post('/auth/providers/:name/link', options, async (request, reply) => {
      const caller = await admit(request);
      const started = await operations.startLink(request.params.name, destinationOf(request.body), caller);
      keepAttempt(request, reply, operations.attempts, started);
      return { location: started.location };
    });
  };
}

function listRoute({ listLinks }: LinkOperations): MountRoutes {
  const schema = operation({
    summary: 'My identities at other providers',
    bearer: true,
    refusals: [429],
    response: { 200: schemas.linksBody },
  });
  return (app, { authenticate, rateLimits }) => {
    app.get('/auth/providers/links', { schema, ...rateLimits.placeHook('reads') }, async (request) => {
      const { sub } = await authenticate(request);
      await rateLimits.spend('reads', sub, request);
      const links = await listLinks(sub);
      return {
        links: links.map(({ id, provider = '', name, createdAt, lastUsedAt }) => ({
          ...{ id, provider, label: name, created_at: rfc3339(createdAt) },
          last_used_at: lastUsedAt === undefined ? null : rfc3339(lastUsedAt),
        })),
      };
    });
  };
}

function unlinkRoute(operations: LinkOperations): MountRoutes {
  const schema = {
    params: schemas.linkParams,
    ...operation({
      summary: 'Unlink an identity; every session that it opened ends',
      bearer: true,
      refusals: [400, 404, 409, 429],
      response: noContent,
    }),
  };
  return (app, mount) => {
    const admit = admission(operations, mount);
    const config = { endsWithEffect: true } as const;
    const options = { schema, config, ...mount.rateLimits.placeHook('provider') };
    app.delete('/auth/providers/links/:id', options, async (request, reply) => {
      const caller = await admit(request);
      const { endedOwn } = await operations.unlink(request.params.id as FactorId, caller, request.actor);
      if (endedOwn && hasRefreshCookieOf(request.headers, caller.sessionId)) forgetBrowser(reply);
      return reply.code(204).send(null);
    });
  };
}
