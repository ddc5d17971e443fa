import type { ServiceId } from '../core/ids.ts';

/**
 * What a service may ask. The names are written as `noun.verb` on the command line and in the store. Who may take back one
 * thing may not take back another: which target of `Revoke` takes which is in `grpc/methods.ts`.
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
  /** The name in its client certificates, if it has any; see `certificateName.ts`. */
  readonly certificateName: string | undefined;
  readonly createdAt: number;
  readonly revokedAt: number | undefined;
}

export interface ServiceStore {
  /** Changes nothing when the name is in use, by a revoked service too, or the certificate's name by a live one. */
  create(
    service: Omit<Service, 'revokedAt'>,
    tokenHash: Uint8Array,
  ): Promise<'created' | 'name_taken' | 'certificate_taken'>;
  /** Only services that are not revoked are found. */
  findByTokenHash(tokenHash: Uint8Array): Promise<Service | undefined>;
  /** The only one that is not revoked and has one of these names; undefined also when there are several. */
  findByCertificateNames(names: readonly string[]): Promise<Service | undefined>;
  findByName(name: string): Promise<Service | undefined>;
  list(): Promise<readonly Service[]>;
  revoke(id: ServiceId, now: number): Promise<void>;
}
