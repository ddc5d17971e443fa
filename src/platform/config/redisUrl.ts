/**
 * `REDIS_URL`: one server, a master that Sentinels know, or a Cluster. Read strictly, since what a lenient parser makes
 * of a slip (another database, another host, no password) would only be noticed when it matters.
 */
import { isIP, isIPv6 } from 'node:net';

export interface RedisEndpoint {
  /** A name, an IPv4 address, or an IPv6 address without brackets. */
  readonly host: string;
  readonly port: number;
}

interface RedisLogin {
  readonly tls: boolean;
  /** Undefined for the server's user `default`. */
  readonly username: string | undefined;
  readonly password: string | undefined;
}

/** Holds a password: lives in `Secrets`, appears in no message. */
export type RedisAddress =
  | (RedisLogin & { readonly kind: 'single'; readonly endpoint: RedisEndpoint; readonly database: number })
  | (RedisLogin & {
      readonly kind: 'sentinel';
      /** Of the Sentinels. */
      readonly endpoints: readonly RedisEndpoint[];
      /** What the Sentinels call the master. */
      readonly master: string;
      readonly database: number;
    })
  | (RedisLogin & { readonly kind: 'cluster'; readonly endpoints: readonly RedisEndpoint[] });

const shape = /^redis(s?)(-sentinel|-cluster)?:\/\/(?:([^@/]*)@)?([^@/]+)(?:\/([^/]*))?(?:\/([^/]*))?$/;
const redisPort = 6379;
const sentinelPort = 26_379;

/** Undefined for what is of none of the forms that `settings.ts` tells. */
export function parseRedisUrl(text: string): RedisAddress | undefined {
  const match = shape.exec(text);
  if (match === null) return undefined;
  const [, secure, form, userInfo, hosts = '', first, second] = match;
  const login = parseUserInfo(userInfo);
  const endpoints = parseEndpoints(hosts, form === '-sentinel' ? sentinelPort : redisPort);
  if (login === undefined || endpoints === undefined) return undefined;
  const common = { tls: secure === 's', ...login };
  if (form === '-sentinel') {
    const database = parseDatabase(second);
    if (first === undefined || !masterName.test(first) || database === undefined) return undefined;
    return { kind: 'sentinel', ...common, endpoints, master: first, database };
  }
  if (second !== undefined) return undefined;
  if (form === '-cluster') return first ? undefined : { kind: 'cluster', ...common, endpoints };
  const database = parseDatabase(first);
  const [endpoint, ...others] = endpoints;
  if (endpoint === undefined || others.length > 0 || database === undefined) return undefined;
  return { kind: 'single', ...common, endpoint, database };
}

/** What Sentinel itself allows. */
const masterName = /^[A-Za-z0-9._-]{1,64}$/;

/** Without one, and with a lone slash, it is database 0; a Cluster has no other. */
function parseDatabase(text: string | undefined): number | undefined {
  if (!text) return 0;
  return /^(0|[1-9]\d{0,3})$/.test(text) ? Number(text) : undefined;
}

/** `user:password` or `:password`, each percent-encoded (RFC 3986 §3.2.1). A user without a password cannot log in. */
function parseUserInfo(text: string | undefined): Pick<RedisLogin, 'username' | 'password'> | undefined {
  if (text === undefined) return { username: undefined, password: undefined };
  const [, encodedUser = '', encodedPassword = ''] = /^([^:]*):(.+)$/.exec(text) ?? [];
  const username = decodePercent(encodedUser);
  const password = decodePercent(encodedPassword);
  if (username === undefined || !password) return undefined;
  return { username: username || undefined, password };
}

/** Undefined for what must have been encoded, and for encodings of no text. */
function decodePercent(text: string): string | undefined {
  if (!/^(?:[A-Za-z0-9._~!$&'()*+,;=:-]|%[0-9A-Fa-f]{2})*$/.test(text)) return undefined;
  try {
    return decodeURIComponent(text);
  } catch {
    return undefined;
  }
}

function parseEndpoints(text: string, defaultPort: number): RedisEndpoint[] | undefined {
  const endpoints = text.split(',').map((one) => parseEndpoint(one, defaultPort));
  return endpoints.some((endpoint) => endpoint === undefined) ? undefined : (endpoints as RedisEndpoint[]);
}

function parseEndpoint(text: string, defaultPort: number): RedisEndpoint | undefined {
  const [, bracketed, bare = '', digits] =
    /^(?:\[([^\]]*)\]|([^:[\]]*))(?::([1-9]\d{0,4}))?$/.exec(text) ?? [];
  const port = digits === undefined ? defaultPort : Number(digits);
  const isHost = bracketed === undefined ? isName(bare) : isIPv6(bracketed);
  return isHost && port <= 65_535 ? { host: bracketed ?? bare, port } : undefined;
}

/** Underscores are for the names that container networks give. A name never ends in a number (RFC 1123 §2.1). */
function isName(text: string): boolean {
  if (isIP(text) === 4) return true;
  return /^(?=.{1,253}$)\w[\w-]{0,62}(\.\w[\w-]{0,62})*$/.test(text) && !/(^|\.)\d+$/.test(text);
}
