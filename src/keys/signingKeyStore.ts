import type { PublicJwk } from './signingKey.ts';

/** next → active → retiring → retired, or revoked from any of them. */
export type SigningKeyState = 'next' | 'active' | 'retiring' | 'retired' | 'revoked';

export interface StoredSigningKey {
  /** RFC 7638 thumbprint. */
  readonly kid: string;
  readonly state: SigningKeyState;
  readonly publicJwk: PublicJwk;
  /** PKCS #8 under KEY_ENCRYPTION_KEY. */
  readonly sealedPrivateKey: Uint8Array;
  readonly createdAt: number;
  readonly activatedAt: number | undefined;
}

export interface SigningKeyStore {
  /** Every key that is neither retired nor revoked. */
  load(): Promise<readonly StoredSigningKey[]>;
  /** Inserts a key, or answers false and changes nothing when another key already has this state. */
  insert(key: StoredSigningKey): Promise<boolean>;
}
