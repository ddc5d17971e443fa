/** The relying party of WebAuthn: browsers bind each passkey to its host name. */
import { isIP } from 'node:net';
import { AuthorityError } from '@countersign/verifier/errors';

export interface RelyingParty {
  /** The host name of ISSUER. */
  readonly id: string;
  /** The only origin whose pages may ask for a passkey. */
  readonly origin: string;
}

/** Throws `unimplemented`: browsers make no passkeys for an IP address. */
export type RequireRelyingParty = () => RelyingParty;

export function createRelyingParty(issuer: string): RequireRelyingParty {
  const { hostname, origin } = new URL(issuer);
  return () => {
    if (!isHostName(hostname))
      throw new AuthorityError('unimplemented', {
        detail: 'passkeys need a host name in ISSUER',
        reason: 'passkeys_need_host_name',
      });
    return { id: hostname, origin };
  };
}

/** URL parsers write IPv6 addresses in brackets. */
export function isHostName(hostname: string): boolean {
  return !hostname.startsWith('[') && isIP(hostname) === 0;
}
