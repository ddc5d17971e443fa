/**
 * `REDIS_URL`: one server, a master behind Sentinels, or a Cluster. Parsed strictly: a lenient parser would turn a typing mistake
 * into another database, another host or no password.
 */
import { type Endpoint, parseEndpoint, parseUserInfo, type UrlLogin } from './endpoint.ts';
import type { Kind } from './kinds.ts';

export type RedisEndpoint = Endpoint;

/** Without a `username`: the server's user `default`. */
interface RedisLogin extends UrlLogin {
  readonly tls: boolean;
}

/**
 * Contains a password: kept in `Secrets`, never in a message. `master` is its name at the Sentinels; `endpoints` are the
 * Sentinels'.
 */
export type RedisAddress = RedisLogin &
  (
    | { readonly kind: 'single'; readonly endpoint: RedisEndpoint; readonly database: number }
    | {
        readonly kind: 'sentinel';
        readonly endpoints: readonly RedisEndpoint[];
        readonly master: string;
        readonly database: number;
      }
    | { readonly kind: 'cluster'; readonly endpoints: readonly RedisEndpoint[] }
  );

export const redisUrl: Kind<RedisAddress> = {
  form: 'redis://[user:password@]host[:port][/db], redis-sentinel://[user:password@]host[:port],…/master[/db] or redis-cluster://[user:password@]host[:port],…; with TLS rediss://, rediss-sentinel:// or rediss-cluster://',
  read: parseRedisUrl,
};

/** Sentinel's allowed master names, and a database number. Missing, or a lone slash, means database 0. */
const paths = {
  '': /^(?:\/(?<db>0|[1-9]\d{0,3})?)?$/,
  '-sentinel': /^\/(?<master>[A-Za-z0-9._-]{1,64})(?:\/(?<db>0|[1-9]\d{0,3})?)?$/,
  '-cluster': /^\/?$/,
};

/** Undefined when the text has none of the forms. */
export function parseRedisUrl(text: string): RedisAddress | undefined {
  const shape = /^redis(s?)(-sentinel|-cluster|):\/\/(?:([^@/]*)@)?([^@/]+)(\/.*)?$/.exec(text);
  const [, secure, form = '', userInfo, hosts = '', path = ''] = shape ?? [];
  const login = parseUserInfo(userInfo);
  const endpoints = hosts.split(',').map((one) => parseEndpoint(one, form === '-sentinel' ? 26_379 : 6_379));
  const found = paths[form as keyof typeof paths].exec(path);
  if (!shape || !login || !found || !endpoints.every((endpoint) => endpoint !== undefined)) return undefined;
  const { master = '', db = '0' } = found.groups ?? {};
  const [common, database] = [{ tls: secure === 's', ...login }, Number(db)];
  if (form === '-sentinel') return { kind: 'sentinel', ...common, endpoints, master, database };
  if (form === '-cluster') return { kind: 'cluster', ...common, endpoints };
  const [endpoint, ...others] = endpoints;
  return endpoint && others.length === 0 ? { kind: 'single', ...common, endpoint, database } : undefined;
}
