/** `GET /.well-known/jwks.json`: the public keys. */
import type { MountRoutes } from '../transport/http/app.ts';
import { everyOrigin } from '../transport/http/cors.ts';
import type { PublishedJwks } from './jwks.ts';
import type { KeyPolicy } from './keyPolicy.ts';
import type { KeyRing } from './keyRing.ts';

interface JwksParts {
  readonly keyRing: Pick<KeyRing, 'jwks' | 'upToDate'>;
  readonly policy: CachePolicy;
}

type CachePolicy = Pick<KeyPolicy, 'maxAgeMs' | 'staleWhileRevalidateMs'>;

const path = '/.well-known/jwks.json';

export function jwksRoute({ keyRing, policy }: JwksParts): MountRoutes {
  const cacheControl = cacheable(policy);
  const answerOf = ({ body, etag }: PublishedJwks, cacheControl: string) => ({
    body,
    headers: {
      ...{ ...everyOrigin, 'cache-control': cacheControl, etag },
      'content-type': 'application/json; charset=utf-8',
    },
  });
  let known: { jwks: PublishedJwks; upToDate: boolean; answer: ReturnType<typeof answerOf> } | undefined;
  const read = () => {
    const jwks = keyRing.jwks();
    const upToDate = keyRing.upToDate();
    // While the set may lack a key, a cached copy would make valid tokens fail.
    if (known?.jwks !== jwks || known.upToDate !== upToDate)
      known = { jwks, upToDate, answer: answerOf(jwks, upToDate ? cacheControl : 'no-cache') };
    return known.answer;
  };
  return (app, { earlyAnswers }) => {
    earlyAnswers.set(path, read);
    const schema = { summary: 'The public keys (RFC 7517) of all tokens that may be live.' };
    app.get(path, { schema }, async (request, reply) => {
      const { body, headers } = read();
      reply.headers(headers);
      if (!matches(request.headers['if-none-match'], headers.etag)) return reply.send(body);
      return reply.code(304).removeHeader('content-type').send();
    });
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
