import { inspect } from 'node:util';
import type { MailServer } from './mailUrl.ts';
import type { RedisAddress } from './redisUrl.ts';

interface SecretValues {
  /** Set in server mode, together with `redis`; may contain a password. */
  readonly databaseUrl: string | undefined;
  readonly redis: RedisAddress | undefined;
  /** The Sentinels' own login; undefined: that of the servers. */
  readonly sentinelLogin: SentinelLogin | undefined;
  /** 32 bytes. Always set in server mode; undefined in embedded mode means "the one kept in DATA_DIR". */
  readonly keyEncryptionKey: Buffer | undefined;
  readonly mailServer: MailServer | undefined;
  readonly smsWebhookSecret: string | undefined;
  readonly operatorWebhookSecret: string | undefined;
  /** 32 bytes each. */
  readonly keyDecryptionKeys: readonly Buffer[];
}

export interface SentinelLogin {
  readonly username: string | undefined;
  readonly password: string;
}

export type Secrets = SecretValues;

/**
 * Hides secrets: they must never be logged or printed. Inherited getters hold the values, so that logging, JSON, string
 * conversion, spreading and structured cloning show none of them.
 */
export function hideSecrets(values: SecretValues): Secrets {
  const hidden = () => '[secret]';
  const getters = Object.entries(values).map(([name, value]) => [name, { get: () => value }] as const);
  const told = { toJSON: hidden, toString: hidden, [inspect.custom]: hidden };
  const inherited = Object.defineProperties(told, Object.fromEntries(getters));
  return Object.freeze(Object.create(inherited)) as Secrets;
}
