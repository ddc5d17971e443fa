/**
 * Introspection over HTTP (RFC 7662), signed if asked (RFC 9701). A token that is unknown, expired, revoked, forged or for an audience
 * that the caller may not see looks the same: `{"active":false}`.
 */

import type { Clock } from '@countersign/verifier/clock';
import { numericDate } from '@countersign/verifier/clock';
import { AuthorityError } from '@countersign/verifier/errors';
import { tokenType } from '@countersign/verifier/tokens/dpopProof';
import { tokenTypes } from '@countersign/verifier/tokens/tokenTypes';
import { SignJWT } from 'jose';
import type { Service } from '../services/service.ts';
import { chooseSigner, type TokenParts } from '../sessions/tokenResponse.ts';
import type { IntrospectAny } from '../tokens/introspect.ts';
import type { AuthenticatedClient } from './authenticateClient.ts';
import { type Form, required } from './form.ts';

export interface IntrospectionParts extends TokenParts {
  readonly clock: Clock;
  readonly issuer: string;
}

/** The members of RFC 7662 §2.2. */
export type IntrospectionAnswer = Readonly<Record<string, unknown>> & { readonly active: boolean };

const inactive: IntrospectionAnswer = { active: false };

/** Also of tokens of earlier issuers. */
export function createIntrospection({ introspect }: { readonly introspect: IntrospectAny }) {
  return async ({ client, isProved }: AuthenticatedClient, form: Form): Promise<IntrospectionAnswer> => {
    if (!isProved || !client.permissions.includes('tokens.introspect'))
      throw new AuthorityError('unauthorized_client', { reason: 'permission' });
    const read = await introspect(required(form, 'token'), client.audiences);
    if (!read.active) return inactive;
    const jkt = 'cnf' in read.claims ? read.claims.cnf?.jkt : undefined;
    return { active: true, token_type: tokenType(jkt), ...read.claims };
  };
}

/** RFC 9701 §5: for this client alone. */
export async function signIntrospection(
  parts: IntrospectionParts,
  { id }: Service,
  answer: IntrospectionAnswer,
): Promise<string> {
  const now = parts.clock.now();
  const { kid, privateKey } = await chooseSigner(parts, now);
  return new SignJWT({ iss: parts.issuer, aud: id, iat: numericDate(now), token_introspection: answer })
    .setProtectedHeader({ alg: 'ES256', typ: tokenTypes.introspection, kid })
    .sign(privateKey);
}
