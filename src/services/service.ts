import type { ServiceId } from '@countersign/verifier/ids';

/**
 * What a service may ask. The names are written as `noun.verb` on the command line and in the store. Who may take back one
 * thing may not take back another: which target of `Revoke` takes which is in `transport/grpc/methods.ts`.
 */
export const permissions = [
  'tokens.check',
  'tokens.introspect',
  'tokens.revoke',
  'external_ids.revoke',
  'sessions.read',
  'sessions.end',
  'sessions.end_matching',
  'users.logout',
  'users.manage',
  'keys.manage',
] as const;
export type Permission = (typeof permissions)[number];

/** What a service may ask when nobody said: it reads. Whatever changes something is for those who were named for it. */
export const usualPermissions: readonly Permission[] = ['tokens.check', 'tokens.introspect'];

/** And the first service of embedded mode, for whoever tries things out: what it was shown, it may also take back. */
export const firstServicePermissions: readonly Permission[] = [...usualPermissions, 'tokens.revoke'];

export function isPermission(text: string): text is Permission {
  return (permissions as readonly string[]).includes(text);
}

/** An internal service that calls the gRPC interface with a service token or a client certificate. */
export interface Service {
  readonly id: ServiceId;
  readonly name: string;
  readonly permissions: readonly Permission[];
  /** The name in its client certificates, if it has any; see `platform/certificateName.ts`. */
  readonly certificateName: string | undefined;
  readonly createdAt: number;
  readonly revokedAt: number | undefined;
}

/** One of the at most two tokens of a service. The token itself is not kept, only its hash. */
export interface ServiceToken {
  readonly createdAt: number;
  /** As the actor in the audit trail. */
  readonly createdBy: string;
  /** From then on it is refused; undefined: never. */
  readonly expiresAt: number | undefined;
  /** To `serviceLimits.serviceTokenUseMilliseconds`; undefined: never. */
  readonly lastUsedAt: number | undefined;
}

export interface NewServiceToken extends Omit<ServiceToken, 'lastUsedAt'> {
  readonly hash: Uint8Array;
}

export interface ServiceWithTokens extends Service {
  /** The latest first; of a revoked service none is good. */
  readonly tokens: readonly ServiceToken[];
}

export interface ServiceStore {
  /** Changes nothing when the name is in use, by a revoked service too, or the certificate's name by a live one. */
  create(
    service: Omit<Service, 'revokedAt'>,
    token: NewServiceToken,
  ): Promise<'created' | 'name_taken' | 'certificate_taken'>;
  /** Only of services that are not revoked; also a token that has expired. */
  findByTokenHash(hash: Uint8Array): Promise<{ service: Service; token: ServiceToken } | undefined>;
  /** The only one that is not revoked and has one of these names; undefined also when there are several. */
  findByCertificateNames(names: readonly string[]): Promise<Service | undefined>;
  findByName(name: string): Promise<Service | undefined>;
  list(): Promise<readonly ServiceWithTokens[]>;
  /**
   * Adds a token. Of those that there are, the latest that is live at its `createdAt` stays, until `keepUntil` at most; all others
   * are gone. Only in a transaction; two at once are done one after the other.
   */
  rotate(id: ServiceId, token: NewServiceToken, keepUntil: number): Promise<void>;
  /** Notes that it was used, unless that was noted less than `everyMs` before `now`. */
  noteUse(hash: Uint8Array, now: number, everyMs: number): Promise<void>;
  revoke(id: ServiceId, now: number): Promise<void>;
}
