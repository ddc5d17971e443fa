/** `GET /.well-known/jwks.json`: the public keys. */
import type { MountRoutes } from '../transport/http/app.ts';
import { allowEveryOrigin } from '../transport/http/cors.ts';
import type { KeyPolicy } from './keyPolicy.ts';
import type { KeyRing } from './keyRing.ts';

interface JwksParts {
  readonly keyRing: Pick<KeyRing, 'jwks' | 'upToDate'>;
  readonly policy: CachePolicy;
}

type CachePolicy = Pick<KeyPolicy, 'maxAgeMs' | 'staleWhileRevalidateMs'>;

export function jwksRoute({ keyRing, policy }: JwksParts): MountRoutes {
  const cacheControl = cacheable(policy);
  return (app) => {
    app.get(
      '/.well-known/jwks.json',
      {
        schema: {
          summary: 'The public keys (RFC 7517) of all tokens that may be live.',
        },
      },
      async (request, reply) => {
        const { body, etag } = keyRing.jwks();
        allowEveryOrigin(reply)
          // While the set may lack a key, a cached copy would make valid tokens fail.
          .header('cache-control', keyRing.upToDate() ? cacheControl : 'no-cache')
          .header('etag', etag);
        if (matches(request.headers['if-none-match'], etag)) return reply.code(304).send();
        return reply.type('application/json; charset=utf-8').send(body);
      },
    );
  };
}

/** RFC 9111 §5.2.2.1, RFC 5861 §3. */
export function cacheable({ maxAgeMs, staleWhileRevalidateMs }: CachePolicy): string {
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
