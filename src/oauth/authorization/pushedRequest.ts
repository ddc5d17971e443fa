/** Pushed authorization requests (RFC 9126): the client sends the parameters itself, the browser carries only a name for them. */
import type { Clock } from '@countersign/verifier/clock';
import { AuthorityError, invalidField } from '@countersign/verifier/errors';
import type { Database } from '../../database.ts';
import { newOneTimeToken } from '../../platform/oneTimeTokens.ts';
import { chosenAudience, type TokenParts } from '../../sessions/tokenResponse.ts';
import type { AuthenticatedClient } from '../authenticateClient.ts';
import type { Form } from '../form.ts';
import { asTarget } from '../grants/grant.ts';
import { oauthLimits } from '../limits.ts';
import { type IdTokenHintParts, readIdTokenHint } from '../openid/idTokenHint.ts';
import { checkClient, readAuthorizationRequest } from './authorizationRequest.ts';

export const pushedPurpose = 'pushed_request';
export const pushedRequestUri = 'urn:ietf:params:oauth:request_uri:';

/** Parameters that authenticate the client, and are not part of the request. */
const ofAuthentication = ['client_id', 'client_secret', 'client_assertion', 'client_assertion_type'];

export interface PushedRequest {
  readonly request_uri: string;
  /** Seconds. */
  readonly expires_in: number;
}

/** Refuses what the authorization endpoint would refuse. */
export type PushRequest = (
  caller: AuthenticatedClient,
  form: Form,
  /** The thumbprint of the key that the client proved: the code is bound to it (RFC 9449 §10.1). */
  jkt: string | undefined,
) => Promise<PushedRequest>;

export function createPushRequest(
  parts: Pick<TokenParts, 'accessTokens'> &
    IdTokenHintParts & { readonly database: Database; readonly clock: Clock },
): PushRequest {
  const { database, clock } = parts;
  return async ({ client }, form, jkt) => {
    const given: Form = jkt === undefined ? form : { ...form, dpop_jkt: jkt };
    if (form['dpop_jkt'] !== undefined && form['dpop_jkt'] !== given['dpop_jkt'])
      throw new AuthorityError('invalid_dpop_proof', { detail: 'dpop_jkt: is not that of the proof' });
    if (given['request_uri'] !== undefined)
      throw invalidField('request_uri', 'pushed', 'must not be pushed itself');
    if (client.kind === 'service') throw new AuthorityError('unauthorized_client', { reason: 'client_kind' });
    checkClient(client, given);
    const { audience } = readAuthorizationRequest(client, given);
    await readIdTokenHint(parts, { ...given, client_id: client.id });
    await chosenAudience(parts, audience).catch(asTarget);
    const kept = Object.entries(given).filter(([name]) => !ofAuthentication.includes(name));
    const { token, hash } = newOneTimeToken();
    const now = clock.now();
    const expiresIn = oauthLimits.pushedRequestMilliseconds;
    await database.oneTimeTokens.create({
      ...{ hash, purpose: pushedPurpose, userId: undefined, codeHash: undefined, tries: 0 },
      detail: { client_id: client.id, form: Object.fromEntries(kept) as Record<string, string> },
      ...{ createdAt: now, expiresAt: now + expiresIn },
    });
    return { request_uri: pushedRequestUri + token, expires_in: expiresIn / 1000 };
  };
}
