/** What the grants have in common: who asks for what, and the answer without a refresh token. */
import { numericDate } from '@countersign/verifier/clock';
import { AuthorityError } from '@countersign/verifier/errors';
import type { TokenScheme } from '@countersign/verifier/tokens/bearerToken';
import { tokenType } from '@countersign/verifier/tokens/dpopProof';
import type { Actor } from '../../audit/auditEvent.ts';
import type { Database, Stores } from '../../database.ts';
import type { RevokingParts } from '../../revocation/propagation/revokeAndPropagate.ts';
import type { Rights } from '../../rights/rights.ts';
import { isLive, type Service } from '../../services/service.ts';
import type { TokenParts, TokenResponse } from '../../sessions/tokenResponse.ts';
import type { AuthenticatedClient } from '../authenticateClient.ts';
import type { Form } from '../form.ts';

export interface GrantParts extends TokenParts, RevokingParts {
  readonly database: Database;
}

export interface TokenRequest extends AuthenticatedClient {
  readonly form: Form;
  readonly actor: Actor;
  /** The thumbprint of the key that the client proved: the tokens are bound to it. */
  readonly jkt: string | undefined;
}

/** RFC 6749 §5.1; snake_case, as it is sent. */
export interface TokenAnswer {
  readonly access_token: string;
  readonly token_type: TokenScheme;
  readonly expires_in: number;
  readonly scope: string;
  readonly refresh_token?: string;
  readonly issued_token_type?: string;
  readonly id_token?: string;
}

export type Grant = (request: TokenRequest) => Promise<TokenAnswer>;

export function answerOf(
  accessToken: string,
  { scope, tokenExpiresAt }: Rights,
  { now, jkt }: { readonly now: number; readonly jkt: string | undefined },
): TokenAnswer {
  return {
    ...{ access_token: accessToken, token_type: tokenType(jkt), scope },
    expires_in: numericDate(tokenExpiresAt) - numericDate(now),
  };
}

export function pairOf(tokens: TokenResponse): TokenAnswer {
  return {
    ...{ access_token: tokens.accessToken, token_type: tokens.tokenType, expires_in: tokens.expiresIn },
    ...{ refresh_token: tokens.refreshToken, scope: tokens.scope },
  };
}

/**
 * Returns the client as it is until the end of the transaction: no right is taken away from it and nobody disables it. Whoever does
 * either must wait, and then sees the new token's session. Throws `invalid_client` for a client that was disabled since it proved
 * itself.
 */
export async function keepClient({ rights, services }: Stores, { id }: Service): Promise<Service> {
  await rights.keepDefinitions();
  const client = await services.find(id);
  if (client === undefined || !isLive(client))
    throw new AuthorityError('invalid_client', { reason: 'client_disabled' });
  return client;
}

/** RFC 8707 §2. */
export function asTarget(error: unknown): never {
  if (error instanceof AuthorityError && error.code === 'invalid_request')
    throw new AuthorityError('invalid_target', { reason: 'audience' });
  throw error;
}
