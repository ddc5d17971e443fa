/** The interface for services. In its own file, so that the package's types need no gRPC types. */
import type { AccessTokenClaims } from './claims.ts';

export interface VerifyOptions {
  /** All of them are required. */
  readonly scopes?: readonly string[];
}

/** Rejects with `GuardError`, or with `TypeError` for malformed scopes; never throws. */
export type Verify = (token: string | undefined, options?: VerifyOptions) => Promise<AccessTokenClaims>;
