import type { SessionId } from '@countersign/verifier/ids';
import type { Revocation } from '@countersign/verifier/revocation/revocation';
import type { Subject } from '../sessions/store.ts';
import type { Resource, RightsFacts } from './rights.ts';

export interface Role {
  readonly name: string;
  /** What it is worth, by audience. */
  readonly audiences: readonly Omit<RoleAtAudience, 'name'>[];
}

/** What a role is worth at one audience. */
export interface RoleAtAudience {
  readonly name: string;
  readonly audience: string;
  /** Empty: tokens name the role, and that is all. */
  readonly scopes: readonly string[];
  /** Only tokens of sessions that a second factor proved carry it. Says nothing to clients. */
  readonly secondFactor?: boolean | undefined;
}

export interface RoleGrant {
  readonly role: string;
  readonly subject: Subject;
  readonly grantedAt: number;
  /** As the actor in the audit log. */
  readonly grantedBy: string;
  /** Milliseconds since the Unix epoch; undefined means never. */
  readonly expiresAt: number | undefined;
}

/** Whose sessions a change touches. */
export type Touched =
  | { readonly kind: 'subject'; readonly subject: Subject }
  /** Those of everybody who has the role. */
  | { readonly kind: 'role'; readonly role: string }
  /** The same; then the role goes, with its grants. */
  | { readonly kind: 'removed_role'; readonly role: string }
  /** Those that a client started for users. */
  | { readonly kind: 'client'; readonly clientId: string }
  | { readonly kind: 'all' };

/** A right was taken away, and that is not in effect everywhere yet. */
export interface RightsChange {
  readonly number: bigint;
  readonly touched: Touched;
  /** The last subject or session of the page that is in effect. */
  readonly after: string | undefined;
}

export interface RightsStore {
  /**
   * Until the end of the transaction, resources and roles cannot change. Whoever starts a session calls this before reading rights:
   * a change waits, and then finds the session.
   */
  keepDefinitions(): Promise<void>;
  /** Waits for those who keep them; until the end of the transaction nobody else does. */
  changeDefinitions(): Promise<void>;
  /** All rights of the subject at the audience, for a session of the client. */
  read(subject: string, clientId: string, audience: string): Promise<RightsFacts>;

  findResource(audience: string): Promise<Resource | undefined>;
  listResources(): Promise<readonly Resource[]>;
  /** Creates it, or replaces all of it. */
  setResource(resource: Resource, now: number): Promise<void>;
  removeResource(audience: string): Promise<void>;

  findRole(name: string): Promise<Role | undefined>;
  listRoles(): Promise<readonly Role[]>;
  /** Creates the role if need be, and replaces what it is worth at the audience. */
  setRole(role: RoleAtAudience, now: number): Promise<void>;
  /** At one audience, or the whole role with its grants. */
  removeRole(name: string, audience?: string): Promise<void>;

  findGrant(role: string, subject: string): Promise<RoleGrant | undefined>;
  /** Replaces the subject's grant of the role. */
  grant(grant: RoleGrant): Promise<void>;
  takeBack(role: string, subject: string): Promise<void>;
  /** By subject; `after` is the last one of the page before. */
  holders(role: string, limit: number, after?: Subject): Promise<readonly RoleGrant[]>;
  /** Whether the subject has a role that asks for a second factor somewhere, or any at `audience`. */
  requireSecondFactor(subject: string, audience: string, now: number): Promise<boolean>;
  grantsOf(subject: string): Promise<readonly RoleGrant[]>;
  /** All grants of the subject end with it. */
  forget(subject: string): Promise<void>;

  /** Revocations of earlier rights epochs of these sessions. */
  taken(sessions: readonly SessionId[]): Promise<readonly Revocation[]>;

  openChange(touched: Touched, now: number): Promise<void>;
  /** Oldest first: those that touch the same, those of one kind, or those that nobody worked on since (milliseconds since the Unix epoch). */
  openChanges(
    which: { readonly touched: Touched } | { readonly kind: Touched['kind'] } | { readonly until: number },
  ): Promise<readonly RightsChange[]>;
  /** Also notes the time: somebody is at work on it. */
  noteChange(number: bigint, after: string, now: number): Promise<void>;
  closeChange(number: bigint): Promise<void>;
}
