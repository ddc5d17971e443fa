/** A provider, as the settings name it, and the rule that says who an answer of it is about. */
import { isUuid } from '@countersign/verifier/ids';
import { type Email, normaliseEmail } from '../../accounts/email.ts';
import { providerLimits } from './limits.ts';
import type { IdentityKey } from './linkedIdentity.ts';

export interface Provider {
  /** In addresses. */
  readonly name: string;
  /** On buttons. */
  readonly label: string;
  readonly kind: 'oidc' | 'github';
  /** OpenID Connect: exact value of `iss`. GitHub: its address. */
  readonly issuer: string;
  readonly clientId: string;
  readonly clientSecret: string;
  /** Whether a new user gets the e-mail that this provider calls verified. */
  readonly trustEmail: boolean;
  /** Of Microsoft Entra: the tenants whose users may sign in. */
  readonly tenants: readonly string[] | 'any' | undefined;
}

export interface Identity extends IdentityKey {
  /** Verified by a provider that is trusted for that. */
  readonly email: Email | undefined;
}

export interface Claims {
  readonly [name: string]: unknown;
}

/** `refused`: a machine-readable word for metrics; the user learns none. */
export type Identified = Identity | { readonly refused: string };

/**
 * Who the claims are about. Their signature, `iss`, `aud` and `nonce` were checked. In Entra, `sub` is another one for each client and
 * e-mails are whatever an administrator of any tenant types, so tenant and object id count there.
 */
export function identityIn(provider: Provider, claims: Claims): Identified {
  const { iss: issuer, sub, tid, oid } = claims;
  if (typeof issuer !== 'string') return { refused: 'issuer' };
  if (provider.tenants === undefined) return isSubject(sub) ? of(provider, issuer, sub, claims) : noSubject;
  if (typeof tid !== 'string' || !isUuid(tid) || !isTenant(provider, tid)) return { refused: 'tenant' };
  if (typeof oid !== 'string' || !isUuid(oid)) return noSubject;
  return { issuer, subject: oid, email: undefined };
}

/** GitHub: `id` never changes, the login name may have another owner tomorrow. */
export function githubIdentityIn(provider: Provider, user: unknown, emails: unknown): Identified {
  const { id } = (user ?? {}) as { readonly id?: unknown };
  if (typeof id !== 'number' || !Number.isSafeInteger(id) || id <= 0) return noSubject;
  const listed = Array.isArray(emails) ? (emails as readonly Claims[]) : [];
  const { email, verified } = listed.find((each) => each?.['primary'] === true) ?? {};
  return of(provider, provider.issuer, String(id), { email, email_verified: verified });
}

const noSubject = { refused: 'subject' } as const;

function of({ trustEmail }: Provider, issuer: string, subject: string, claims: Claims): Identity {
  const { email, email_verified: isVerified } = claims;
  // The text "true" is no proof: providers that send it have taken it from somewhere.
  const isProved = trustEmail && isVerified === true && typeof email === 'string';
  return { issuer, subject, email: isProved ? readEmail(email) : undefined };
}

function isSubject(value: unknown): value is string {
  return (
    typeof value === 'string' && /^[ -~]+$/.test(value) && value.length <= providerLimits.subjectCharacters
  );
}

function isTenant({ tenants }: Provider, tid: string): boolean {
  return tenants === 'any' || tenants?.includes(tid) === true;
}

function readEmail(text: string): Email | undefined {
  try {
    return normaliseEmail(text);
  } catch {
    return undefined;
  }
}
