/** What an authorization request needs next: the sign-in page, consent, or nothing more. Pure. */
import { AuthorityError } from '@countersign/verifier/errors';
import type { ClientKind } from '../../services/service.ts';
import type { Session } from '../../sessions/session.ts';
import { oauthLimits } from '../limits.ts';
import type { Consent } from './consentStore.ts';
import type { StartedRequest } from './sealedRequest.ts';

interface Judged {
  readonly kind: ClientKind;
  readonly subject: string | undefined;
  readonly consent: Consent | undefined;
  readonly now: number;
}

/**
 * `session`: the browser's live one. `subject`: its user, as the client knows them. `consent`: what the user allowed this client
 * at this audience so far. Throws what the client is told where the user must not be asked, or where asking again is of no use.
 */
export function judgeAuthorization(
  { request, startedAt }: StartedRequest,
  session: Pick<Session, 'authTime' | 'acr'> | undefined,
  { kind, subject, consent, now }: Judged,
): 'sign_in' | 'consent' | 'allowed' {
  const { prompts, needsSecondFactor, onlySubject = subject } = request;
  const mayAsk = !prompts.includes('none');
  const isOther = subject !== onlySubject;
  const mustSignIn = isOther || (session !== undefined && isTooWeak(request, session, now));
  if (session === undefined || (mustSignIn && !hasSignedInSince(startedAt, session, now))) {
    if (mayAsk) return 'sign_in';
    throw new AuthorityError('login_required');
  }
  // Who has just signed in is not whom the client means.
  if (isOther) throw new AuthorityError('login_required');
  // They proved what they have, and it is less.
  if (needsSecondFactor && session.acr !== '2fa')
    throw new AuthorityError('unmet_authentication_requirements');
  if (kind !== 'third_party' || hasConsented(request, consent, startedAt)) return 'allowed';
  if (mayAsk) return 'consent';
  throw new AuthorityError('consent_required');
}

function hasSignedInSince(startedAt: number, { authTime }: Pick<Session, 'authTime'>, now: number): boolean {
  return authTime >= startedAt && now < authTime + oauthLimits.freshSignInMilliseconds;
}

function hasConsented(
  { prompts, scopes }: StartedRequest['request'],
  consent: Consent | undefined,
  startedAt: number,
): boolean {
  const isAskedAgain = prompts.includes('consent') && (consent?.grantedAt ?? 0) < startedAt;
  return allows(consent, scopes) && !isAskedAgain;
}

/** Also without any scope, the client learns who the user is. */
export function allows(consent: Consent | undefined, scopes: readonly string[]): boolean {
  return consent !== undefined && scopes.every((each) => consent.scopes.includes(each));
}

function isTooWeak(
  { prompts, maxAge, needsSecondFactor }: StartedRequest['request'],
  { authTime, acr }: Pick<Session, 'authTime' | 'acr'>,
  now: number,
): boolean {
  if (prompts.includes('login') || prompts.includes('select_account')) return true;
  if (maxAge !== undefined && now - authTime > maxAge * 1000) return true;
  return needsSecondFactor && acr !== '2fa';
}
