/**
 * Settings that are valid alone but not together. Every rule says why: with the reason, the operator finds the right value. Rules
 * about a faulty variable stay silent.
 */
import { verifierLimits } from '@countersign/verifier/limits';
import { platformLimits } from '../limits.ts';
import { formatDuration } from './durations.ts';
import { isLoopback } from './issuer.ts';
import type { SettingName, Values } from './settings.ts';

interface Rule {
  /** The fault names the first; all are shown with their values. */
  readonly names: readonly SettingName[];
  /** Completes "NAME: …". */
  readonly text: string | ((values: Values) => string);
  readonly isBroken: (values: Values) => boolean;
}

/** One line for each broken rule. */
export function relationFaults(
  values: Partial<Values>,
  shown: (name: SettingName) => string,
): readonly string[] {
  const applying = rules.filter(({ names }) => names.every((name) => name in values));
  return applying.flatMap(({ names, text, isBroken }) => {
    if (!isBroken(values as Values)) return [];
    const rule = typeof text === 'string' ? text : text(values as Values);
    const given = names.map((name) => `${name} ${shown(name)}`).join(', ');
    return [`${names[0]}: ${rule}; given ${given}`];
  });
}

/** Restricts a rule to the settings it names. */
function rule<Name extends SettingName>(
  names: readonly Name[],
  isBroken: (values: Pick<Values, Name>) => boolean,
  text: string | ((values: Pick<Values, Name>) => string),
): Rule {
  return { names, text: text as Rule['text'], isBroken: isBroken as Rule['isBroken'] };
}

const together = <One extends SettingName, Other extends SettingName>(one: One, other: Other, why: string) =>
  rule(
    [one, other],
    (v) => (v[one] === undefined) !== (v[other] === undefined),
    `must be set together with ${other}, or neither: ${why}`,
  );

const withRedisTls = (name: 'REDIS_TLS_CA' | 'REDIS_TLS_CERT') =>
  rule(
    [name, 'REDIS_URL'],
    (v) => v[name] !== undefined && !v.REDIS_URL?.tls,
    'needs a REDIS_URL with TLS, such as rediss://: certificates are only seen over TLS',
  );

const ownSocket = (one: 'GRPC' | 'OPERATIONS', other: 'HTTP' | 'GRPC') =>
  rule(
    [`${one}_PORT`, `${one}_HOST`, `${other}_HOST`, `${other}_PORT`],
    (v) =>
      Boolean(v[`${one}_PORT`]) &&
      v[`${one}_PORT`] === v[`${other}_PORT`] &&
      hostsOverlap(v[`${one}_HOST`], v[`${other}_HOST`]),
    `must differ from ${other}_PORT on the same address: two interfaces cannot share one socket`,
  );

const noUse = 'a certificate is of no use without its key';

const rules: readonly Rule[] = [
  together('DATABASE_URL', 'REDIS_URL', 'several nodes need both, one node alone needs none'),
  together('REDIS_TLS_CERT', 'REDIS_TLS_KEY', noUse),
  withRedisTls('REDIS_TLS_CA'),
  withRedisTls('REDIS_TLS_CERT'),
  rule(
    ['MTLS_URL', 'TRUSTED_PROXIES'],
    (v) => v.MTLS_URL !== undefined && v.TRUSTED_PROXIES === undefined,
    'needs TRUSTED_PROXIES: a certificate is believed only from a proxy that is named there',
  ),
  rule(
    ['REDIS_SENTINEL_PASSWORD', 'REDIS_URL'],
    (v) => v.REDIS_SENTINEL_PASSWORD !== undefined && v.REDIS_URL?.kind !== 'sentinel',
    'needs a REDIS_URL that names Sentinels: nobody else receives it',
  ),
  rule(
    ['REDIS_SENTINEL_USERNAME', 'REDIS_SENTINEL_PASSWORD'],
    (v) => v.REDIS_SENTINEL_USERNAME !== undefined && v.REDIS_SENTINEL_PASSWORD === undefined,
    'needs REDIS_SENTINEL_PASSWORD: a user without a password cannot log in',
  ),
  rule(
    ['KEY_ENCRYPTION_KEY', 'DATABASE_URL', 'REDIS_URL'],
    (v) => v.DATABASE_URL !== undefined && v.REDIS_URL !== undefined && v.KEY_ENCRYPTION_KEY === undefined,
    'must be set when DATABASE_URL is: every node must unseal what another one sealed',
  ),
  rule(
    ['PASSWORD_MINIMUM', 'SECOND_FACTOR'],
    (v) => v.PASSWORD_MINIMUM < platformLimits.passwordAloneCharacters && v.SECOND_FACTOR !== 'required',
    `must be at least ${platformLimits.passwordAloneCharacters} unless SECOND_FACTOR is required: a shorter password must not be the only factor (NIST SP 800-63B-4 §3.1.1.2)`,
  ),
  rule(
    ['MAIL_URL', 'MAIL_FROM'],
    (v) => v.MAIL_URL !== undefined && v.MAIL_FROM === undefined,
    'must be set together with MAIL_FROM: mail servers refuse senders that they do not know',
  ),
  rule(
    ['REQUIRE_VERIFIED_EMAIL', 'MAIL_URL', 'DATABASE_URL'],
    (v) => v.REQUIRE_VERIFIED_EMAIL === 'on' && v.DATABASE_URL !== undefined && v.MAIL_URL === undefined,
    'needs MAIL_URL: nobody could prove an e-mail',
  ),
  together('SMS_WEBHOOK_URL', 'SMS_WEBHOOK_SECRET', 'the receiver must know that a message is ours'),
  together('OPERATOR_WEBHOOK_URL', 'OPERATOR_WEBHOOK_SECRET', 'the receiver must know that an event is ours'),
  rule(
    ['SMS_COUNTRIES', 'SMS_WEBHOOK_URL'],
    (v) => v.SMS_COUNTRIES !== undefined && v.SMS_WEBHOOK_URL === undefined,
    'needs SMS_WEBHOOK_URL: nobody would take the messages',
  ),
  rule(
    ['CODE_LOGIN', 'SECOND_FACTOR_EMAIL'],
    (v) => v.SECOND_FACTOR_EMAIL === 'on' && ['mail', 'both'].includes(v.CODE_LOGIN ?? 'none'),
    'must not name mail while SECOND_FACTOR_EMAIL is on: the mailbox alone would do what password and mailbox are asked for',
  ),
  rule(
    ['CODE_LOGIN', 'SECOND_FACTOR'],
    (v) => v.SECOND_FACTOR === 'required' && ['sms', 'both'].includes(v.CODE_LOGIN ?? 'none'),
    'must not name sms while SECOND_FACTOR is required: the phone alone would open a session',
  ),
  rule(
    ['REFRESH_GRACE', 'ACCESS_TOKEN_TTL'],
    (v) => v.REFRESH_GRACE >= v.ACCESS_TOKEN_TTL,
    'must be shorter than ACCESS_TOKEN_TTL: it covers a lost answer, not a whole token lifetime',
  ),
  rule(
    ['REFRESH_IDLE_TTL', 'SESSION_MAX_TTL'],
    (v) => v.REFRESH_IDLE_TTL > v.SESSION_MAX_TTL,
    'must be at most SESSION_MAX_TTL: a session would end before its idle limit could ever count',
  ),
  rule(
    ['ACCESS_TOKEN_TTL', 'REFRESH_IDLE_TTL'],
    (v) => v.ACCESS_TOKEN_TTL > v.REFRESH_IDLE_TTL,
    'must be at most REFRESH_IDLE_TTL: an access token would outlive its session',
  ),
  // The next key is published for one interval before it signs; keys/keyPolicy.ts divides it. The time beyond max-age is for
  // stale-while-revalidate and the age of a node's ring. Clock differences need no share: all nodes use the database's clock, and
  // each cache counts max-age itself (RFC 9111 §4.2.3).
  rule(
    ['KEY_ROTATION_INTERVAL', 'JWKS_MAX_AGE'],
    (v) => v.KEY_ROTATION_INTERVAL < 2 * v.JWKS_MAX_AGE,
    (v) =>
      `must be at least ${formatDuration(2 * v.JWKS_MAX_AGE)}, twice JWKS_MAX_AGE: the next key has to reach every cache before it signs`,
  ),
  rule(
    ['KEY_ROTATION_INTERVAL', 'ACCESS_TOKEN_TTL'],
    (v) => v.ACCESS_TOKEN_TTL > verifierLimits.publishedKeys * v.KEY_ROTATION_INTERVAL,
    `must be at least a ${verifierLimits.publishedKeys}th of ACCESS_TOKEN_TTL: every key whose tokens may be live is published`,
  ),
  rule(
    ['WORKERS', 'DATABASE_URL'],
    (v) => v.WORKERS > 1 && v.DATABASE_URL === undefined,
    'must be 1 without DATABASE_URL and REDIS_URL: one process alone can open the embedded database',
  ),
  rule(
    ['ISSUER', 'HTTP_PORT'],
    (v) => v.ISSUER === undefined && v.HTTP_PORT === 0,
    'must be set when HTTP_PORT is 0: the port is not known before it listens',
  ),
  rule(
    ['ISSUER', 'HTTP_HOST'],
    (v) => v.ISSUER === undefined && !isLoopback(v.HTTP_HOST),
    'must be set when HTTP_HOST is not a loopback address: the default would not be an https URL',
  ),
  ownSocket('GRPC', 'HTTP'),
  ownSocket('OPERATIONS', 'HTTP'),
  ownSocket('OPERATIONS', 'GRPC'),
  together('GRPC_TLS_CERT', 'GRPC_TLS_KEY', noUse),
  rule(
    ['GRPC_HOST', 'GRPC_TLS_CERT', 'ALLOW_PLAINTEXT'],
    (v) => !isLoopback(v.GRPC_HOST) && v.GRPC_TLS_CERT === undefined && !v.ALLOW_PLAINTEXT?.includes('grpc'),
    'must be a loopback address unless GRPC_TLS_CERT is set, or ALLOW_PLAINTEXT names grpc: an attacker on the network could read service tokens',
  ),
  rule(
    ['GRPC_TLS_CLIENT_CA', 'GRPC_TLS_CERT'],
    (v) => v.GRPC_TLS_CLIENT_CA !== undefined && v.GRPC_TLS_CERT === undefined,
    'needs GRPC_TLS_CERT and GRPC_TLS_KEY: client certificates are only seen over TLS',
  ),
];

/** Whether two listeners on one port conflict: a wildcard takes every address, and `localhost` may be any loopback one. */
function hostsOverlap(one: string, other: string): boolean {
  const hosts = [one.toLowerCase(), other.toLowerCase()];
  if (hosts[0] === hosts[1] || hosts.includes('0.0.0.0') || hosts.includes('::')) return true;
  return hosts.includes('localhost') && hosts.every(isLoopback);
}
