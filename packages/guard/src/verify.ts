/** What a service asks a guard. Apart from what answers it, so that the types of the package need no types of gRPC. */
import type { AccessTokenClaims } from './claims.ts';

export interface VerifyOptions {
  /** All of them are needed. */
  readonly scopes?: readonly string[];
}

/** Rejects with `GuardError`, and never throws. With `TypeError` for malformed scopes: that is no fault of the token. */
export type Verify = (token: string | undefined, options?: VerifyOptions) => Promise<AccessTokenClaims>;
