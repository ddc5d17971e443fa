/** The relying party of WebAuthn: browsers bind each passkey to its host name. */
import { isIP } from 'node:net';
import { AuthorityError } from '@countersign/verifier/errors';

export interface RelyingParty {
  /** The host name of ISSUER. */
  readonly id: string;
  /** The only origin whose pages may ask for a passkey. */
  readonly origin: string;
}

/** Throws `unimplemented` without a relying party. */
export type RequireRelyingParty = () => RelyingParty;

/** Undefined for an issuer at an IP address: browsers make no passkeys for one. `localhost` is a name. */
export function relyingPartyOf(issuer: string): RelyingParty | undefined {
  const { hostname, origin } = new URL(issuer);
  // URL parsers write IPv6 addresses in brackets.
  return hostname.startsWith('[') || isIP(hostname) !== 0 ? undefined : { id: hostname, origin };
}

export function createRequireRelyingParty(relyingParty: RelyingParty | undefined): RequireRelyingParty {
  return () => {
    if (relyingParty !== undefined) return relyingParty;
    const detail = 'passkeys need a host name in ISSUER';
    throw new AuthorityError('unimplemented', { detail, reason: 'passkeys_need_host_name' });
  };
}
