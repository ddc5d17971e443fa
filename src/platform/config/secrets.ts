import { inspect } from 'node:util';
import type { RedisAddress } from './redisUrl.ts';

const hidden = '[secret]';

export interface SentinelLogin {
  readonly username: string | undefined;
  readonly password: string;
}

interface SecretValues {
  /** Set in server mode, together with `redis`; may hold a password. */
  readonly databaseUrl: string | undefined;
  readonly redis: RedisAddress | undefined;
  /** For the Sentinels; undefined: as for the servers. */
  readonly sentinelLogin: SentinelLogin | undefined;
  /** 32 bytes. Always set in server mode; undefined in embedded mode means "the one kept in DATA_DIR". */
  readonly keyEncryptionKey: Buffer | undefined;
  /** 32 bytes each. */
  readonly keyDecryptionKeys: readonly Buffer[];
}

/**
 * What must never be logged or printed. The values are private fields behind getters, so that logging, JSON,
 * string conversion, spreading and structured cloning of this object, or of anything that holds it, show none of them.
 */
export class Secrets implements SecretValues {
  readonly #values: SecretValues;

  constructor(values: SecretValues) {
    this.#values = values;
    Object.freeze(this);
  }

  get databaseUrl(): string | undefined {
    return this.#values.databaseUrl;
  }

  get redis(): RedisAddress | undefined {
    return this.#values.redis;
  }

  get sentinelLogin(): SentinelLogin | undefined {
    return this.#values.sentinelLogin;
  }

  get keyEncryptionKey(): Buffer | undefined {
    return this.#values.keyEncryptionKey;
  }

  get keyDecryptionKeys(): readonly Buffer[] {
    return this.#values.keyDecryptionKeys;
  }

  toJSON(): string {
    return hidden;
  }

  toString(): string {
    return hidden;
  }

  [inspect.custom](): string {
    return hidden;
  }
}
