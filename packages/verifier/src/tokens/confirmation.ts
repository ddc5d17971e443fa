/** What a token is bound to: the key of a client (RFC 9449 §6), or its certificate (RFC 8705 §3.1). Exactly one. */
import { createHash } from 'node:crypto';
import { isThumbprint } from './publicKey.ts';

export type Confirmation =
  | { readonly jkt: string; readonly 'x5t#S256'?: undefined }
  /** The thumbprint of a certificate; see `certificateThumbprint`. */
  | { readonly 'x5t#S256': string; readonly jkt?: undefined };

/** What the sender of a token proved: thumbprints of a key, and of the certificate of its connection. */
export interface Proved {
  readonly jkt?: string | undefined;
  readonly certificate?: string | undefined;
}

/** A binding that is not understood must not be ignored: the token would be accepted from anybody. */
export function isConfirmation(value: unknown): boolean {
  if (typeof value !== 'object' || value === null) return false;
  const [[name, thumbprint] = [], ...others] = Object.entries(value);
  const isKnown = name === 'jkt' || name === 'x5t#S256';
  return isKnown && typeof thumbprint === 'string' && isThumbprint(thumbprint) && others.length === 0;
}

/** Whether the sender is the one that the token is bound to; true for a token that is bound to nothing. */
export function isHolder(cnf: Confirmation | undefined, { jkt, certificate }: Proved): boolean {
  if (cnf === undefined) return true;
  return cnf.jkt === undefined ? cnf['x5t#S256'] === certificate : cnf.jkt === jkt;
}

/** RFC 8705 §3.1: SHA-256 of the DER, as base64url. */
export function certificateThumbprint(der: Uint8Array): string {
  return createHash('sha256').update(der).digest('base64url');
}
