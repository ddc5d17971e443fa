import type { PublicJwk } from '@countersign/verifier/tokens/publicKey';

/** next → active → retiring → retired, or revoked from any of them. */
export const signingKeyStates = ['next', 'active', 'retiring', 'retired', 'revoked'] as const;
export type SigningKeyState = (typeof signingKeyStates)[number];

/** Times are milliseconds since the Unix epoch, by the store's clock. */
export interface StoredSigningKey {
  /** RFC 7638 thumbprint. */
  readonly kid: string;
  readonly state: SigningKeyState;
  readonly publicJwk: PublicJwk;
  /** PKCS #8 sealed with KEY_ENCRYPTION_KEY; empty once the key is retired or revoked. */
  readonly sealedPrivateKey: Uint8Array;
  readonly createdAt: number;
  /** Since when every served set has it. Undefined when no set was ever served without it. */
  readonly publishedAt: number | undefined;
  readonly activatedAt: number | undefined;
  readonly retiringAt: number | undefined;
  readonly retiredAt: number | undefined;
  readonly revokedAt: number | undefined;
  /** The longest lifetime of tokens that any node signs with it. */
  readonly tokenLifetimeMs: number;
  /** The largest `cacheMs` (keyPolicy.ts) of any node that served sets while this key was next or active. */
  readonly cacheMs: number;
}

export interface StoredRing {
  /** Every key neither retired nor revoked, oldest first. */
  readonly keys: readonly StoredSigningKey[];
  /** The store's time: all nodes use it. */
  readonly now: number;
}

export interface SigningKeyStore {
  load(): Promise<StoredRing>;
  /** Only in a transaction: `load` under an exclusive lock until the transaction ends. */
  lock(): Promise<StoredRing>;
  find(kid: string): Promise<StoredSigningKey | undefined>;
  /** The newest keys, including retired and revoked ones. */
  list(limit: number): Promise<readonly StoredSigningKey[]>;
  /** Inserts or updates a key. At most one `next` and one `active` exist: a second one fails. */
  save(key: StoredSigningKey): Promise<void>;
}
