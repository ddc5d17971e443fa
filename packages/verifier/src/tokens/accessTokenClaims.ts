import type { SessionId, UserId } from '../ids.ts';
import type { Confirmation } from './confirmation.ts';

/** Who acts for the subject, and for whom that one acts (RFC 8693 §4.1). */
export interface ActorClaim {
  readonly sub: string;
  readonly act?: ActorClaim;
}

/** The claims of every access token; no personal data. Times are NumericDate. */
export interface AccessTokenClaims {
  readonly iss: string;
  /** The user's id; of a client's own token, the client's. */
  readonly sub: UserId;
  readonly aud: string;
  readonly exp: number;
  readonly iat: number;
  readonly jti: string;
  readonly sid: SessionId;
  /** The user's token version when issued. */
  readonly ver: number;
  readonly client_id: string;
  readonly scope: string;
  /** The user's roles that count at the audience. Absent without one. */
  readonly roles?: readonly string[];
  readonly auth_time: number;
  /** RFC 8176. */
  readonly amr: readonly string[];
  /** `1fa` or `2fa`: how strongly the user was authenticated. Absent in tokens of earlier versions. */
  readonly acr?: string;
  /** Of an exchanged token. */
  readonly act?: ActorClaim;
  /** Of a token that is bound to a key or a certificate. */
  readonly cnf?: Confirmation;
}

/** Undefined for a client's own token. */
export function userOf({ sub, client_id }: Pick<AccessTokenClaims, 'sub' | 'client_id'>): UserId | undefined {
  return sub === client_id ? undefined : sub;
}
