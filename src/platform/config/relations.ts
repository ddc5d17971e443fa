/**
 * Settings that are each well-formed but cannot be used, or not together. Every rule says why, since an operator who
 * knows the reason finds the right value. A rule about a variable that is itself faulty stays silent.
 */

import { verifierLimits } from '@countersign/verifier/limits';
import { schemaOf, tlsFilesOf, tlsOf } from './databaseUrl.ts';
import { formatDuration } from './durations.ts';
import type { Environment } from './env.ts';
import { isLoopback, issuerFault, originFault } from './issuer.ts';
import type { RedisAddress } from './redisUrl.ts';
import { type SettingName, settingOf } from './settings.ts';
import { isReadableFile, shownValue, type Values } from './values.ts';

interface Relation<Name extends SettingName = SettingName> {
  /** The first is the one to complain about; all are shown with their values. */
  readonly names: readonly Name[];
  /** The rule that is broken, completing "NAME: …"; `undefined` when all is well. */
  readonly broken: (values: Pick<Values, Name>) => string | undefined;
}

/** One line for each broken rule. */
export function relationFaults(values: Partial<Values>, env: Environment): string[] {
  return relations.flatMap(({ names, broken }) => {
    if (!names.every((name) => name in values)) return [];
    const rule = broken(values as Values);
    return rule === undefined ? [] : [`${names[0]}: ${rule}; given ${given(names, env)}`];
  });
}

function given(names: readonly SettingName[], env: Environment): string {
  return names.map((name) => `${name} ${givenValue(name, env)}`).join(', ');
}

function givenValue(name: SettingName, env: Environment): string {
  const text = env[name];
  if (text) return shownValue(name, text);
  const byDefault = settingOf(name).default;
  return byDefault === undefined ? 'not set' : `"${byDefault}" (default)`;
}

/** Only gives each row the type of the settings that it names. */
function relation<Name extends SettingName>(
  names: readonly Name[],
  broken: Relation<Name>['broken'],
): Relation {
  return { names, broken: broken as Relation['broken'] };
}

const relations: readonly Relation[] = [
  relation(['DATABASE_URL'], (v) =>
    v.DATABASE_URL === undefined || schemaOf(v.DATABASE_URL) !== undefined
      ? undefined
      : 'must name one schema in ?schema=: up to 63 bytes of letters, digits, _ and -, and not one of PostgreSQL itself',
  ),
  relation(['DATABASE_URL'], (v) =>
    v.DATABASE_URL === undefined || tlsOf(v.DATABASE_URL) !== undefined
      ? undefined
      : 'must have one of these as ?sslmode=: disable, no-verify, require, verify-ca, verify-full',
  ),
  relation(['DATABASE_URL'], (v) =>
    v.DATABASE_URL === undefined || tlsFilesOf(v.DATABASE_URL).every(isReadableFile)
      ? undefined
      : 'must name readable files in ?sslrootcert=, ?sslcert= and ?sslkey=: they are PEM files of this machine',
  ),
  relation(['DATABASE_URL', 'REDIS_URL'], (v) =>
    (v.DATABASE_URL === undefined) === (v.REDIS_URL === undefined)
      ? undefined
      : 'must be set together with REDIS_URL, or neither: several nodes need both, one node alone needs none',
  ),
  relation(['REDIS_TLS_CERT', 'REDIS_TLS_KEY'], (v) =>
    (v.REDIS_TLS_CERT === undefined) === (v.REDIS_TLS_KEY === undefined)
      ? undefined
      : 'must be set together with REDIS_TLS_KEY, or neither: a certificate is of no use without its key',
  ),
  relation(['REDIS_TLS_CA', 'REDIS_URL'], (v) => withoutRedisTls(v.REDIS_TLS_CA, v.REDIS_URL)),
  relation(['REDIS_TLS_CERT', 'REDIS_URL'], (v) => withoutRedisTls(v.REDIS_TLS_CERT, v.REDIS_URL)),
  relation(['REDIS_SENTINEL_PASSWORD', 'REDIS_URL'], (v) =>
    v.REDIS_SENTINEL_PASSWORD !== undefined && v.REDIS_URL?.kind !== 'sentinel'
      ? 'needs a REDIS_URL that names Sentinels: nobody else is told it'
      : undefined,
  ),
  relation(['REDIS_SENTINEL_USERNAME', 'REDIS_SENTINEL_PASSWORD'], (v) =>
    v.REDIS_SENTINEL_USERNAME !== undefined && v.REDIS_SENTINEL_PASSWORD === undefined
      ? 'needs REDIS_SENTINEL_PASSWORD: a user without a password cannot log in'
      : undefined,
  ),
  relation(['KEY_ENCRYPTION_KEY', 'DATABASE_URL', 'REDIS_URL'], (v) =>
    v.DATABASE_URL !== undefined && v.REDIS_URL !== undefined && v.KEY_ENCRYPTION_KEY === undefined
      ? 'must be set when DATABASE_URL is: every node must unseal what another one sealed'
      : undefined,
  ),
  relation(['REFRESH_GRACE', 'ACCESS_TOKEN_TTL'], (v) =>
    v.REFRESH_GRACE >= v.ACCESS_TOKEN_TTL
      ? 'must be shorter than ACCESS_TOKEN_TTL: it covers a lost answer, not a whole token lifetime'
      : undefined,
  ),
  relation(['REFRESH_IDLE_TTL', 'SESSION_MAX_TTL'], (v) =>
    v.REFRESH_IDLE_TTL > v.SESSION_MAX_TTL
      ? 'must be at most SESSION_MAX_TTL: a session would end before its idle limit could ever count'
      : undefined,
  ),
  relation(['ACCESS_TOKEN_TTL', 'REFRESH_IDLE_TTL'], (v) =>
    v.ACCESS_TOKEN_TTL > v.REFRESH_IDLE_TTL
      ? 'must be at most REFRESH_IDLE_TTL: an access token would outlive its session'
      : undefined,
  ),
  // The next key is published for one interval before it signs; keys/keyPolicy.ts shares that out. What max-age leaves is
  // for stale-while-revalidate and for how old a node's view of the ring may be. Clocks need no share of it: all nodes act
  // on the database's, and max-age is an age that each cache counts by itself (RFC 9111 §4.2.3).
  relation(['KEY_ROTATION_INTERVAL', 'JWKS_MAX_AGE'], (v) =>
    v.KEY_ROTATION_INTERVAL < 2 * v.JWKS_MAX_AGE
      ? `must be at least ${formatDuration(2 * v.JWKS_MAX_AGE)}, twice JWKS_MAX_AGE: the next key has to reach every cache before it signs`
      : undefined,
  ),
  relation(['KEY_ROTATION_INTERVAL', 'ACCESS_TOKEN_TTL'], (v) =>
    v.ACCESS_TOKEN_TTL > verifierLimits.publishedKeys * v.KEY_ROTATION_INTERVAL
      ? `must be at least a ${verifierLimits.publishedKeys}th of ACCESS_TOKEN_TTL: every key whose tokens may be live is published`
      : undefined,
  ),
  relation(['ISSUER'], (v) => {
    const fault = v.ISSUER === undefined ? undefined : issuerFault(v.ISSUER);
    return fault === undefined ? undefined : `must ${fault}`;
  }),
  relation(['CORS_ORIGINS'], (v) => {
    const faults = (v.CORS_ORIGINS ?? []).map(originFault);
    const at = faults.findIndex((fault) => fault !== undefined);
    return at === -1 ? undefined : `must hold origins only; number ${at + 1} must ${faults[at]}`;
  }),
  relation(['ISSUER', 'HTTP_PORT'], (v) =>
    v.ISSUER === undefined && v.HTTP_PORT === 0
      ? 'must be set when HTTP_PORT is 0: the port is not known before it listens'
      : undefined,
  ),
  relation(['ISSUER', 'HTTP_HOST'], (v) =>
    v.ISSUER === undefined && !isLoopback(v.HTTP_HOST)
      ? 'must be set when HTTP_HOST is not a loopback address: the default would not be an https URL'
      : undefined,
  ),
  relation(['GRPC_PORT', 'GRPC_HOST', 'HTTP_HOST', 'HTTP_PORT'], (v) =>
    v.HTTP_PORT !== 0 && v.HTTP_PORT === v.GRPC_PORT && hostsOverlap(v.HTTP_HOST, v.GRPC_HOST)
      ? 'must differ from HTTP_PORT on the same address: two interfaces cannot share one socket'
      : undefined,
  ),
  relation(['OPERATIONS_PORT', 'OPERATIONS_HOST', 'HTTP_HOST', 'HTTP_PORT'], (v) =>
    v.OPERATIONS_PORT && v.HTTP_PORT === v.OPERATIONS_PORT && hostsOverlap(v.HTTP_HOST, v.OPERATIONS_HOST)
      ? 'must differ from HTTP_PORT on the same address: two interfaces cannot share one socket'
      : undefined,
  ),
  relation(['OPERATIONS_PORT', 'OPERATIONS_HOST', 'GRPC_HOST', 'GRPC_PORT'], (v) =>
    v.OPERATIONS_PORT && v.GRPC_PORT === v.OPERATIONS_PORT && hostsOverlap(v.GRPC_HOST, v.OPERATIONS_HOST)
      ? 'must differ from GRPC_PORT on the same address: two interfaces cannot share one socket'
      : undefined,
  ),
  relation(['GRPC_TLS_CERT', 'GRPC_TLS_KEY'], (v) =>
    (v.GRPC_TLS_CERT === undefined) === (v.GRPC_TLS_KEY === undefined)
      ? undefined
      : 'must be set together with GRPC_TLS_KEY, or neither: a certificate is of no use without its key',
  ),
  relation(['GRPC_HOST', 'GRPC_TLS_CERT', 'ALLOW_PLAINTEXT'], (v) =>
    isLoopback(v.GRPC_HOST) || v.GRPC_TLS_CERT !== undefined || v.ALLOW_PLAINTEXT?.includes('grpc')
      ? undefined
      : 'must be a loopback address unless GRPC_TLS_CERT is set, or ALLOW_PLAINTEXT names grpc: anyone on the way could read service tokens',
  ),
  relation(['GRPC_TLS_CLIENT_CA', 'GRPC_TLS_CERT'], (v) =>
    v.GRPC_TLS_CLIENT_CA !== undefined && v.GRPC_TLS_CERT === undefined
      ? 'needs GRPC_TLS_CERT and GRPC_TLS_KEY: client certificates are only seen over TLS'
      : undefined,
  ),
];

function withoutRedisTls(path: string | undefined, url: RedisAddress | undefined): string | undefined {
  return path !== undefined && !url?.tls
    ? 'needs a REDIS_URL with TLS, such as rediss://: certificates are only seen over TLS'
    : undefined;
}

/** Whether two listeners on one port would meet: a wildcard takes every address, `localhost` may be any loopback one. */
function hostsOverlap(one: string, other: string): boolean {
  const hosts = [one.toLowerCase(), other.toLowerCase()];
  if (hosts[0] === hosts[1] || hosts.includes('0.0.0.0') || hosts.includes('::')) return true;
  return hosts.includes('localhost') && hosts.every(isLoopback);
}
