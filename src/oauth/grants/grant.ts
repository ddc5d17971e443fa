/** What the grants have in common: who asks for what, and the answer without a refresh token. */
import { numericDate } from '@countersign/verifier/clock';
import { AuthorityError } from '@countersign/verifier/errors';
import type { Actor } from '../../audit/auditEvent.ts';
import type { Database, Stores } from '../../database.ts';
import type { RevokingParts } from '../../revocation/propagation/revokeAndPropagate.ts';
import type { Rights } from '../../rights/rights.ts';
import type { Service } from '../../services/service.ts';
import type { TokenParts } from '../../sessions/tokenResponse.ts';
import type { AuthenticatedClient } from '../authenticateClient.ts';
import type { Form } from '../form.ts';

export interface GrantParts extends TokenParts, RevokingParts {
  readonly database: Database;
}

export interface TokenRequest extends AuthenticatedClient {
  readonly form: Form;
  readonly actor: Actor;
}

/** RFC 6749 §5.1; snake_case, as it is sent. */
export interface TokenAnswer {
  readonly access_token: string;
  readonly token_type: 'Bearer';
  readonly expires_in: number;
  readonly scope: string;
  readonly refresh_token?: string;
  readonly issued_token_type?: string;
  readonly id_token?: string;
}

export type Grant = (request: TokenRequest) => Promise<TokenAnswer>;

export function answerOf(accessToken: string, { scope, tokenExpiresAt }: Rights, now: number): TokenAnswer {
  return {
    ...{ access_token: accessToken, token_type: 'Bearer', scope },
    expires_in: numericDate(tokenExpiresAt) - numericDate(now),
  };
}

/**
 * Until the end of the transaction, no right is taken away from the client and nobody disables it: who does waits, and then finds the
 * session of the new token. Throws `invalid_client` for a client that was disabled since it proved itself.
 */
export async function keepClient({ rights, services }: Stores, { id }: Service): Promise<void> {
  await rights.keepDefinitions();
  const client = await services.find(id);
  if (client === undefined || client.disabledAt !== undefined || client.revokedAt !== undefined)
    throw new AuthorityError('invalid_client', { reason: 'client_disabled' });
}

/** RFC 8707 §2. */
export function asTarget(error: unknown): never {
  if (error instanceof AuthorityError && error.code === 'invalid_request')
    throw new AuthorityError('invalid_target', { reason: 'audience' });
  throw error;
}
