/** Settings of keys as an operator could choose them: only combinations that the configuration accepts. */
import { type Arbitrary, constantFrom, integer, oneof, tuple } from 'fast-check';
import { type KeyPolicy, keyPolicy } from '../../src/keys/keyPolicy.ts';
import { readConfig } from '../../src/platform/config/config.ts';
import { formatDuration, longestDurationMs } from '../../src/platform/config/durations.ts';

const second = 1_000;
const day = 86_400 * second;

/** The policy of these settings, in milliseconds; undefined when the configuration refuses them. */
export function policyOf(
  rotationIntervalMs: number,
  jwksMaxAgeMs: number,
  accessTtlMs: number,
): KeyPolicy | undefined {
  const env = {
    KEY_ROTATION_INTERVAL: formatDuration(rotationIntervalMs),
    JWKS_MAX_AGE: formatDuration(jwksMaxAgeMs),
    ACCESS_TOKEN_TTL: formatDuration(accessTtlMs),
    REFRESH_GRACE: '0s',
  };
  try {
    const { config } = readConfig(env);
    return keyPolicy({ ...config.keys, accessTtlMs: config.tokens.accessTtlMs });
  } catch {
    return undefined;
  }
}

const wholeSeconds = oneof(
  integer({ min: 1, max: 86_400 }),
  constantFrom(1, 2, 3, 10, 60, 300, 3_600, 86_399, 86_400),
).map((seconds) => seconds * second);

const more = oneof(
  constantFrom(0, 1, 999, second, 2 * second - 1, 2 * second, 30 * day),
  integer({ min: 0, max: 100 * second }),
  integer({ min: 0, max: longestDurationMs - 2 * day }),
);

/** Every legal combination, and the subscriber of what is legal often. */
export const legalPolicies: Arbitrary<KeyPolicy> = tuple(wholeSeconds, more, wholeSeconds)
  .map(([maxAge, beyond, lifetime]) => policyOf(2 * maxAge + beyond, maxAge, lifetime))
  .filter((policy) => policy !== undefined);
