import type { PublicJwk } from '@countersign/verifier/tokens/publicKey';

/** next → active → retiring → retired, or revoked from any of them. */
export const signingKeyStates = ['next', 'active', 'retiring', 'retired', 'revoked'] as const;
export type SigningKeyState = (typeof signingKeyStates)[number];

/** All times are milliseconds since the Unix epoch, by the clock of the store. */
export interface StoredSigningKey {
  /** RFC 7638 thumbprint. */
  readonly kid: string;
  readonly state: SigningKeyState;
  readonly publicJwk: PublicJwk;
  /** PKCS #8 under KEY_ENCRYPTION_KEY; empty once the key is retired or revoked. */
  readonly sealedPrivateKey: Uint8Array;
  readonly createdAt: number;
  /** Since when every set that is served has it. Undefined when no set was ever served without it. */
  readonly publishedAt: number | undefined;
  readonly activatedAt: number | undefined;
  readonly retiringAt: number | undefined;
  readonly retiredAt: number | undefined;
  readonly revokedAt: number | undefined;
  /** The longest lifetime of a token that any node signs with it. */
  readonly tokenLifetimeMs: number;
  /** `cacheMs` of keyPolicy.ts, at most, of any node that served sets while this key was to sign or signed. */
  readonly cacheMs: number;
}

export interface StoredRing {
  /** Every key that is neither retired nor revoked, oldest first. */
  readonly keys: readonly StoredSigningKey[];
  /** The clock of the store: all nodes act on this one. */
  readonly now: number;
}

export interface SigningKeyStore {
  load(): Promise<StoredRing>;
  /** Only in a transaction: like `load`, when it is this one's turn. Until it ends nobody else changes the ring. */
  lock(): Promise<StoredRing>;
  find(kid: string): Promise<StoredSigningKey | undefined>;
  /** The newest keys, dead ones too. */
  list(limit: number): Promise<readonly StoredSigningKey[]>;
  /** Writes a key, new or not. There is at most one `next` and one `active`: whoever would make a second one fails. */
  save(key: StoredSigningKey): Promise<void>;
}
