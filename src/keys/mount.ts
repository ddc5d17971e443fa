/**
 * Signing keys: the ring that signs and verifies, its rotation, and the JWKS. Owns when keys change and what an operator may do
 * with them. Does not own tokens (`tokens/`) or how a revoked key takes effect (`revocation/`).
 */
import type { Clock } from '@countersign/verifier/clock';
import type { Database } from '../database.ts';
import type { TotpSecrets } from '../login/factors/totp.ts';
import type { ResealMessage } from '../notifications/outbox.ts';
import type { Config } from '../platform/config/config.ts';
import type { FaultLog } from '../platform/observability/faultLog.ts';
import type { Metrics } from '../platform/observability/metrics.ts';
import type { Sealing } from '../platform/sealing.ts';
import type { Counted } from '../revocation/countFailures.ts';
import type { RevokingParts } from '../revocation/propagation/revokeAndPropagate.ts';
import type { RefreshTokens } from '../sessions/refreshToken.ts';
import { keyService } from './grpc.ts';
import { jwksRoute } from './http.ts';
import { createKeepKeyRing } from './keepKeyRing.ts';
import { type KeyPolicy, keyPolicy } from './keyPolicy.ts';
import { createKeyRing, type KeyRing } from './keyRing.ts';
import { createListKeys } from './listKeys.ts';
import { createResealKeys } from './resealKeys.ts';
import { createRevokeKey } from './revokeKey.ts';
import { createRingKeeper, type RingKeeper } from './ringKeeper.ts';
import { createRotateKey } from './rotateKey.ts';

export interface OpenedKeyRing {
  readonly policy: KeyPolicy;
  readonly keyRing: KeyRing;
  readonly ringKeeper: RingKeeper;
}

/** Opens the ring and keeps it up to date until `ringKeeper.stop`. */
export async function openKeyRing(parts: {
  readonly config: Pick<Config, 'keys' | 'tokens'>;
  readonly clock: Clock;
  readonly database: Database;
  readonly sealing: Sealing;
  readonly metrics: Metrics;
  readonly onFault: FaultLog;
}): Promise<OpenedKeyRing> {
  const { config, clock, database, sealing, metrics, onFault } = parts;
  const policy = keyPolicy({ ...config.keys, accessTtlMs: config.tokens.accessTtlMs });
  const keyRing = createKeyRing({ sealing, clock, policy });
  const ringKeeper = createRingKeeper({
    keep: createKeepKeyRing({ database, sealing, policy, clock }),
    keyRing,
    policy,
    clock,
    onFault: (error) => onFault('key_ring', error),
  });
  await ringKeeper.start();
  metrics.gauge('countersign_key_ring_age_seconds', 'Time since this node read the signing keys.', () =>
    Math.max(0, keyRing.ageMs() / 1000),
  );
  metrics.gauge('countersign_published_keys', 'Keys in the JWKS.', keyRing.size);
  return { policy, keyRing, ringKeeper };
}

export interface KeyParts extends OpenedKeyRing, RevokingParts {
  readonly sealing: Sealing;
  readonly refreshTokens: RefreshTokens;
  readonly totpSecrets: TotpSecrets;
  readonly resealMessage: ResealMessage;
  readonly counted: Counted;
}

export function mountKeys({ counted, ...parts }: KeyParts) {
  const { database, sealing, clock, keyRing, policy, refreshTokens, totpSecrets, resealMessage } = parts;
  const operations = {
    listKeys: createListKeys({ database }),
    rotateKey: createRotateKey(parts),
    revokeKey: counted(createRevokeKey(parts)),
    resealKeys: createResealKeys({ database, sealing, refreshTokens, totpSecrets, resealMessage, clock }),
  };
  const { rotationIntervalMs } = policy;
  const service = keyService({ ...operations, rotationIntervalMs });
  return { operations, route: jwksRoute({ keyRing, policy }), service };
}
