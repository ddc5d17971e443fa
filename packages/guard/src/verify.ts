/** The interface for services. In its own file, so that the package's types need no gRPC types. */
import type { AccessTokenClaims } from './claims.ts';

/** The request that carries the token. */
export interface ProvenRequest {
  readonly method: string;
  /** Absolute, as the client sees it: behind a proxy, the public address. A query is ignored. */
  readonly url: string;
  /** The `DPoP` header; undefined without one. */
  readonly proof: string | undefined;
}

export interface VerifyOptions {
  /** For tokens that are bound to a key (RFC 9449): without it they are refused. A proof is good once. */
  readonly request?: ProvenRequest | undefined;
  /**
   * DER of the certificate of the client's connection, or how to get it: for tokens that are bound to a certificate (RFC 8705); without it
   * they are refused. Only from a connection whose TLS ends here, or from a proxy of yours.
   */
  readonly certificate?: Uint8Array | (() => Uint8Array | undefined) | undefined;
  /**
   * The claims that an earlier call resolved with, for a connection that lasts: the key was proved then. Only for the connection of
   * that request.
   */
  readonly again?: AccessTokenClaims | undefined;
  /** All of them are required. */
  readonly scopes?: readonly string[] | undefined;
  /** The user was authenticated at most this long ago (`auth_time`). A step-up makes it now. */
  readonly maxAgeSeconds?: number | undefined;
  /** The needed authentication context class, such as `2fa`; a stronger one is enough, too. */
  readonly acr?: string | undefined;
}

/** Rejects with `GuardError`, or with `TypeError` for malformed options; never throws. */
export type Verify = (token: string | undefined, options?: VerifyOptions) => Promise<AccessTokenClaims>;
