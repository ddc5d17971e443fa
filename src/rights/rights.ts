/**
 * Rights: what a token may say of its bearer at one audience, as scopes and roles. Owns resources (audiences), roles, who has them,
 * and that a right that was taken away is honoured by nobody (`takeAway.ts`). Does not own who a user is (`accounts/`), or how a
 * revocation takes effect (`revocation/propagation/`).
 */

/** Every right of a user at one audience, read at one moment together with the rights epoch of the session. */
export interface RightsFacts {
  /** Undefined when nobody declared the audience: then nothing means anything there. */
  readonly resource: Pick<Resource, 'scopes' | 'everyone' | 'accessTtlMs'> | undefined;
  /** Roles that are worth something at the audience, expired ones included. */
  readonly grants: readonly {
    readonly role: string;
    readonly scopes: readonly string[];
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

/** `latest`: the expiry of a token without any limit. Times are milliseconds since the Unix epoch. */
export function rightsAt(
  { resource, grants }: RightsFacts,
  { scope, now, latest }: { readonly scope: string; readonly now: number; readonly latest: number },
): Rights {
  const asked = scope.split(' ');
  const isOwn = asked.includes(accountScope);
  const declared = resource?.scopes ?? [];
  const carried = (scopes: readonly string[]) =>
    scopes.filter((each) => declared.includes(each) && (isOwn || asked.includes(each)));
  // A token's times are whole seconds, and it must live for one at least.
  const lasting = grants.filter(({ expiresAt = Number.POSITIVE_INFINITY }) => wholeSecond(expiresAt) > now);
  const used = lasting.filter(({ scopes }) => isOwn || carried(scopes).length > 0);
  const scopes = new Set([
    ...carried(resource?.everyone ?? []),
    ...used.flatMap((each) => carried(each.scopes)),
  ]);
  const ends = used.flatMap(({ expiresAt }) => (expiresAt === undefined ? [] : [wholeSecond(expiresAt)]));
  const lifetime = resource?.accessTtlMs;
  const ownLatest = lifetime === undefined ? latest : Math.min(latest, wholeSecond(now + lifetime));
  return {
    scope: [...(isOwn ? [accountScope] : []), ...[...scopes].sort()].join(' '),
    roles: used.map(({ role }) => role),
    tokenExpiresAt: Math.min(ownLatest, ...ends),
  };
}

function wholeSecond(milliseconds: number): number {
  return Math.floor(milliseconds / 1000) * 1000;
}
