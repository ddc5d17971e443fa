/**
 * An authorization request (RFC 6749 §4.1.1 with RFC 9700, OpenID Connect Core §3.1.2.1): code with PKCE S256 only, one exact redirect
 * URI. Pure. First who asks and where the answer goes: a fault there is shown, never redirected. Then the rest, whose faults the client
 * is told.
 */
import { AuthorityError, invalidField } from '@countersign/verifier/errors';
import type { ServiceId } from '@countersign/verifier/ids';
import { accountScope, mayAskFor } from '../../rights/rights.ts';
import { isLive, type Service } from '../../services/service.ts';
import { matchesRedirectUri } from '../clients/redirectUri.ts';
import { type Form, readAudience, readScopes, required } from '../form.ts';
import { oauthLimits } from '../limits.ts';

export type Prompt = (typeof prompts)[number];
const prompts = ['none', 'login', 'consent', 'select_account'] as const;

/** It is sealed as JSON on its way through the pages. */
export interface AuthorizationRequest {
  readonly clientId: ServiceId;
  readonly redirectUri: string;
  readonly state?: string | undefined;
  readonly nonce?: string | undefined;
  readonly scopes: readonly string[];
  readonly audience: string;
  readonly codeChallenge: string;
  /** RFC 9449 §10. */
  readonly dpopJkt?: string | undefined;
  readonly prompts: readonly Prompt[];
  /** Seconds. */
  readonly maxAge?: number | undefined;
  /** Only if the client asked for 2fa. */
  readonly needsSecondFactor: boolean;
  readonly loginHint?: string | undefined;
  /** Only this user, as the client knows them (`id_token_hint`). */
  readonly onlySubject?: string | undefined;
}

/** Throws `invalid_request`, to be shown to the user. */
export function checkClient(client: Service | undefined, form: Form): asserts client is Service {
  if (client === undefined || !isLive(client))
    throw invalidField('client_id', 'known', 'is not that of a client');
  const redirectUri = required(form, 'redirect_uri');
  if (!client.redirectUris.some((each) => matchesRedirectUri(each, redirectUri)))
    throw invalidField('redirect_uri', 'registered', 'is not one that the client registered');
}

/** The audience as it was asked for. */
export type AskedAuthorization = Omit<AuthorizationRequest, 'audience'> & {
  readonly audience: string | undefined;
};

/** Of a client that passed `checkClient`. Throws what the client is told. */
export function readAuthorizationRequest(client: Service, form: Form): AskedAuthorization {
  const { state, nonce, login_hint: loginHint } = form;
  if (form['request'] !== undefined || form['registration'] !== undefined)
    throw new AuthorityError('request_not_supported');
  if (required(form, 'response_type') !== 'code') throw new AuthorityError('unsupported_response_type');
  if (form['response_mode'] !== undefined && form['response_mode'] !== 'query')
    throw invalidField('response_mode', 'one_of', 'must be query');
  const length = Object.values(form).reduce((sum, each = '') => sum + each.length, 0);
  const most = oauthLimits.authorizationCharacters;
  if (length > most) throw invalidField('request', 'length', `must have at most ${most} characters`);
  const prompts = readPrompts(form);
  return {
    ...{ clientId: client.id, redirectUri: required(form, 'redirect_uri'), state, nonce, loginHint, prompts },
    scopes: scopesOf(client, form),
    audience: readAudience(form),
    codeChallenge: readChallenge(form),
    dpopJkt: readThumbprint(form),
    maxAge: readMaxAge(form),
    needsSecondFactor: needsSecondFactor(form),
  };
}

/** RFC 7636 §4.2, and RFC 9700 §2.1.1: without, a stolen code could be used. */
function readChallenge(form: Form): string {
  const challenge = required(form, 'code_challenge');
  if (form['code_challenge_method'] !== 'S256')
    throw invalidField('code_challenge_method', 'one_of', 'must be S256');
  if (!/^[A-Za-z0-9_-]{43}$/.test(challenge))
    throw invalidField('code_challenge', 'format', 'must be 43 characters of base64url');
  return challenge;
}

function readThumbprint({ dpop_jkt: jkt }: Form): string | undefined {
  if (jkt !== undefined && !/^[A-Za-z0-9_-]{43}$/.test(jkt))
    throw invalidField('dpop_jkt', 'format', 'must be 43 characters of base64url');
  return jkt;
}

/** Every scope is one that the client may ask for; all of its own, without any. */
function scopesOf({ scopes: own, kind }: Service, form: Form): readonly string[] {
  const asked = readScopes(form) ?? own;
  const isAllowed = (each: string) => mayAskFor(own, each) && (each !== accountScope || kind === 'app');
  if (!asked.every(isAllowed)) throw new AuthorityError('invalid_scope', { reason: 'client_scope' });
  return asked;
}

function readPrompts({ prompt }: Form): readonly Prompt[] {
  const words = prompt?.split(' ') ?? [];
  const known = words.filter((each): each is Prompt => prompts.some((one) => one === each));
  if (known.length < words.length) throw invalidField('prompt', 'one_of', `must be of ${prompts.join(', ')}`);
  if (known.includes('none') && known.length > 1) throw invalidField('prompt', 'none', 'none must be alone');
  return known;
}

function readMaxAge({ max_age: text }: Form): number | undefined {
  if (text === undefined) return undefined;
  if (!/^[0-9]{1,9}$/.test(text)) throw invalidField('max_age', 'format', 'must be a number of seconds');
  return Number(text);
}

/** Values in order of preference (OpenID Connect Core §3.1.2.1): one factor is enough where the client takes that, too. */
function needsSecondFactor({ acr_values: text }: Form): boolean {
  const words = text?.split(' ') ?? [];
  return words.includes('2fa') && !words.includes('1fa');
}
