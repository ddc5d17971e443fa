/**
 * Authorization codes (RFC 6749 §4.1.2): one-time tokens that only their client can use, within a minute. A used one is remembered for a
 * day: its second use ends the session that came of the first.
 */
import type { ServiceId, SessionId, UserId } from '@countersign/verifier/ids';
import { verifierLimits } from '@countersign/verifier/limits';
import type { Stores } from '../../database.ts';
import { newOneTimeToken, type OneTimeDetail } from '../../platform/oneTimeTokens.ts';
import { oauthLimits } from '../limits.ts';
import type { AuthorizationRequest } from './authorizationRequest.ts';

export const codePurpose = 'authorization_code';

export interface CodeDetail extends OneTimeDetail {
  readonly client_id: ServiceId;
  readonly redirect_uri: string;
  readonly code_challenge: string;
  readonly scopes: readonly string[];
  readonly audience: string;
  readonly nonce: string | null;
  /** Only a client that proves this key can use it (RFC 9449 §10). */
  readonly dpop_jkt: string | null;
  /** The browser's session. */
  readonly session_id: SessionId;
  readonly token_version: number;
  /** The session that was started with it. */
  readonly used: SessionId | null;
}

/** Returns the code; only its hash is stored. */
export async function createCode(
  { oneTimeTokens }: Pick<Stores, 'oneTimeTokens'>,
  { clientId, redirectUri, codeChallenge, scopes, audience, nonce, dpopJkt }: AuthorizationRequest,
  session: { readonly id: SessionId; readonly userId: UserId; readonly tokenVersion: number },
  now: number,
): Promise<string> {
  const { token, hash } = newOneTimeToken();
  const detail: CodeDetail = {
    ...{ client_id: clientId, redirect_uri: redirectUri, code_challenge: codeChallenge, scopes },
    ...{ audience, nonce: nonce ?? null, dpop_jkt: dpopJkt ?? null },
    ...{ session_id: session.id, token_version: session.tokenVersion, used: null },
  };
  await oneTimeTokens.create({
    ...{ hash, purpose: codePurpose, userId: session.userId, codeHash: undefined, tries: 0, detail },
    // Nodes' clocks differ: whether it is too old is judged by its age, where its refusal is recorded.
    createdAt: now,
    expiresAt: now + oauthLimits.codeMilliseconds + verifierLimits.clockSkewSeconds * 1000,
  });
  return token;
}
