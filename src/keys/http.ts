/** What anyone may know: the public keys and the metadata of this authority. */
import type { HttpParts } from '../transport/http/app.ts';
import type { HttpApp } from '../transport/http/bareApp.ts';
import { allowEveryOrigin } from '../transport/http/cors.ts';

export function wellKnownRoutes(app: HttpApp, { keyRing, issuer, audiences, policy }: HttpParts): void {
  const cacheControl = cacheable(policy);

  app.get(
    '/.well-known/jwks.json',
    {
      schema: {
        summary: 'The public keys (RFC 7517): every one that signs or has signed a token that may be live.',
      },
    },
    async (request, reply) => {
      const { body, etag } = keyRing.jwks();
      allowEveryOrigin(reply)
        // Kept for as long as it says, a set that may lack a key would make good tokens fail.
        .header('cache-control', keyRing.upToDate() ? cacheControl : 'no-cache')
        .header('etag', etag);
      if (matches(request.headers['if-none-match'], etag)) return reply.code(304).send();
      return reply.type('application/json; charset=utf-8').send(body);
    },
  );

  const metadata = {
    issuer,
    jwks_uri: `${issuer}/.well-known/jwks.json`,
    // There is no authorization endpoint; RFC 8414 §2 requires the member all the same.
    response_types_supported: [],
    grant_types_supported: [],
    // RFC 8414 §2 allows members of one's own.
    audience: audiences.services,
    account_audience: audiences.account,
    service_documentation: `${issuer}/docs`,
  };
  for (const document of ['oauth-authorization-server', 'openid-configuration']) {
    app.get(
      `/.well-known/${document}`,
      { schema: { summary: 'Metadata of this authorization server (RFC 8414).' } },
      async (_request, reply) => allowEveryOrigin(reply).header('cache-control', cacheControl).send(metadata),
    );
  }
}

/** RFC 9111 §5.2.2.1, RFC 5861 §3. */
function cacheable({ maxAgeMs, staleWhileRevalidateMs }: HttpParts['policy']): string {
  const maxAge = `public, max-age=${maxAgeMs / 1000}`;
  return staleWhileRevalidateMs === 0
    ? maxAge
    : `${maxAge}, stale-while-revalidate=${staleWhileRevalidateMs / 1000}`;
}

/** RFC 9110 §13.1.2: a list of entity tags, compared weakly, or `*`. */
function matches(ifNoneMatch: string | undefined, etag: string): boolean {
  if (ifNoneMatch === undefined) return false;
  return ifNoneMatch.split(',').some((candidate) => ['*', etag, `W/${etag}`].includes(candidate.trim()));
}
