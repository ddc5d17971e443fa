/**
 * Rights: what a token may say of its bearer at one audience, as scopes and roles. Owns resources (audiences), roles, who has them,
 * and that a right that was taken away is honoured by nobody (`takeAway.ts`). Does not own who a user is (`accounts/`), or how a
 * revocation takes effect (`revocation/propagation/`).
 */

import { AuthorityError } from '@countersign/verifier/errors';

/** Every right of a user at one audience, read at one moment together with the rights epoch of the session. */
export interface RightsFacts {
  /** Whether the client of the session may get tokens: it is neither disabled nor revoked. */
  readonly clientLives: boolean;
  /** What an application may still ask of its users; undefined for sessions of none. */
  readonly clientScopes?: readonly string[] | undefined;
  /** Undefined when nobody declared the audience: then nothing means anything there. */
  readonly resource: Pick<Resource, 'scopes' | 'everyone' | 'accessTtlMs'> | undefined;
  /** Roles that are worth something at the audience, expired ones included. */
  readonly grants: readonly {
    readonly role: string;
    readonly scopes: readonly string[];
    /** Only sessions that a second factor proved have it. */
    readonly secondFactor?: boolean;
    readonly expiresAt: number | undefined;
  }[];
}

/** What tokens are for. */
export interface Resource {
  /** `aud` in tokens. */
  readonly audience: string;
  /** Every scope that means something there. */
  readonly scopes: readonly string[];
  /** Those of `scopes` that every user has. */
  readonly everyone: readonly string[];
  /** The longest life of its access tokens; ACCESS_TOKEN_TTL when undefined. */
  readonly accessTtlMs: number | undefined;
}

/** What the next access token says. */
export interface Rights {
  readonly scope: string;
  readonly roles: readonly string[];
  /** The token's expiry: never after the end of a right that it carries. */
  readonly tokenExpiresAt: number;
}

/**
 * Scope of sessions that belong to the user alone. Their tokens may manage the account, and carry every right of the user; tokens
 * of other sessions carry those rights of the user that are in the session's scope.
 */
export const accountScope = 'account';

/** What every application may ask for: they say who the user is, and mean nothing at a resource (OpenID Connect Core §5.4, §11). */
export const identityScopes = ['openid', 'profile', 'email', 'phone', 'offline_access'] as const;

/** Whether an application with these scopes may ask for one; undefined: no application. */
export function mayAskFor(clientScopes: readonly string[] | undefined, scope: string): boolean {
  return (clientScopes?.includes(scope) ?? true) || identityScopes.some((each) => each === scope);
}

/** Whether the token is the user's own: it may manage the account. */
export function ofAccount({ scope }: { readonly scope: string }): boolean {
  return scope.split(' ').includes(accountScope);
}

/** What rights are asked for, and when. Times are milliseconds since the Unix epoch. */
export interface RightsAsked {
  /** Those of a session or a request; undefined: all that there are. */
  readonly scope: string | undefined;
  /** This token carries no more than these of them. */
  readonly only?: readonly string[] | undefined;
  /** It names no other roles. */
  readonly onlyRoles?: readonly string[] | undefined;
  /** The audience is one that settings name, so that nobody need declare it. */
  readonly isOfSettings: boolean;
  readonly now: number;
  /** The expiry of a token without any limit. */
  readonly latest: number;
  /** A second factor proved the user, and that still counts. */
  readonly isProvedByTwo?: boolean;
  /** A client, for itself: it has no account and no factors, and not what every user has. */
  readonly isClient?: boolean;
}

/** Throws `invalid_grant` for a client that was disabled meanwhile, `invalid_target` for an audience that was removed. */
export function rightsAt(
  { clientLives, clientScopes, resource, grants }: RightsFacts,
  request: RightsAsked,
): Rights {
  if (!clientLives) throw new AuthorityError('invalid_grant', { reason: 'client_disabled' });
  const { scope, only, onlyRoles, now, latest, isProvedByTwo = false, isClient = false } = request;
  if (resource === undefined && !request.isOfSettings)
    throw new AuthorityError('invalid_target', { reason: 'audience_removed' });
  const mayAsk = (each: string) => isClient || mayAskFor(clientScopes, each);
  const asked = scope?.split(' ').filter(mayAsk) ?? [];
  const isOfAccount = !isClient && asked.includes(accountScope);
  const isOwn = isOfAccount || scope === undefined;
  const carriesAll = isOwn && only === undefined;
  const declared = resource?.scopes ?? [];
  const identity = isClient
    ? []
    : identityScopes.filter((each) => asked.includes(each) && (only?.includes(each) ?? true));
  const carried = (scopes: readonly string[]) =>
    scopes.filter(
      (each) =>
        declared.includes(each) &&
        (isOwn || asked.includes(each)) &&
        (only === undefined || only.includes(each)),
    );
  // A token's times are whole seconds, and it must live for one at least.
  const lasting = grants.filter(
    ({ secondFactor = false, expiresAt = Number.POSITIVE_INFINITY }) =>
      wholeSecond(expiresAt) > now && (!secondFactor || isProvedByTwo || isClient),
  );
  // A role is more than each of its scopes: a token that carries fewer must not name it.
  const named = lasting.filter(
    ({ role, scopes }) =>
      (onlyRoles?.includes(role) ?? true) &&
      (carriesAll ||
        (carried(scopes).length > 0 &&
          scopes.every((each) => !declared.includes(each) || carried([each]).length > 0))),
  );
  const used = lasting.filter((each) => named.includes(each) || carried(each.scopes).length > 0);
  const scopes = new Set([
    ...carried(isClient ? [] : (resource?.everyone ?? [])),
    ...used.flatMap((each) => carried(each.scopes)),
  ]);
  const ends = used.flatMap(({ expiresAt }) => (expiresAt === undefined ? [] : [wholeSecond(expiresAt)]));
  const lifetime = resource?.accessTtlMs;
  const ownLatest = lifetime === undefined ? latest : Math.min(latest, wholeSecond(now + lifetime));
  return {
    scope: [
      ...(isOfAccount && (only?.includes(accountScope) ?? true) ? [accountScope] : []),
      ...identity,
      ...[...scopes].sort(),
    ].join(' '),
    roles: named.map(({ role }) => role),
    tokenExpiresAt: Math.min(ownLatest, ...ends),
  };
}

function wholeSecond(milliseconds: number): number {
  return Math.floor(milliseconds / 1000) * 1000;
}

/** Throws `invalid_scope` unless the token carries all of these (RFC 6749 §5.2). */
export function requireScopes({ scope }: Rights, asked: readonly string[] = []): void {
  const carried = scope.split(' ');
  const missing = asked.find((each) => !carried.includes(each));
  if (missing !== undefined) throw new AuthorityError('invalid_scope', { reason: 'scope' });
}
