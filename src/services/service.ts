import type { ServiceId } from '@countersign/verifier/ids';
import type { ListOrder } from '../platform/listOrder.ts';

/**
 * Permissions of a service, written `noun.verb` on the command line and in the store. Permission to revoke one kind of target
 * does not include another: `revocation/grpc.ts` maps the targets of `Revoke`.
 */
export const permissions = [
  'tokens.check',
  'tokens.introspect',
  'tokens.revoke',
  'tokens.exchange',
  'external_ids.revoke',
  'sessions.read',
  'sessions.end',
  'sessions.end_matching',
  'users.logout',
  'users.manage',
  'users.support',
  'keys.manage',
  'roles.manage',
  'clients.manage',
  'audit.read',
  'status.read',
  'outbox.manage',
] as const;
export type Permission = (typeof permissions)[number];

/** The default: reading only. Changing anything needs an explicit permission. */
export const usualPermissions: readonly Permission[] = ['tokens.check', 'tokens.introspect'];

/** For the first service of embedded mode, for trying things out: it may also revoke tokens that it holds. */
export const firstServicePermissions: readonly Permission[] = [...usualPermissions, 'tokens.revoke'];

export function isPermission(text: string): text is Permission {
  return (permissions as readonly string[]).includes(text);
}

/** What a client is: a service of ours, an application of ours, or one of somebody else. */
export const clientKinds = ['service', 'app', 'third_party'] as const;
export type ClientKind = (typeof clientKinds)[number];

/**
 * An OAuth client. A service calls the gRPC interface with its secret (a service token) or a client certificate; any client calls
 * `/oauth2/` with its secret or its key. One identity, one list of permissions.
 */
export interface Service {
  /** `client_id`, and `sub` of its own tokens. */
  readonly id: ServiceId;
  readonly name: string;
  readonly kind: ClientKind;
  readonly permissions: readonly Permission[];
  /** Whose tokens it may ask about and exchange; empty: AUDIENCE. */
  readonly audiences: readonly string[];
  /** What it may ask of its users. */
  readonly scopes: readonly string[];
  /** Public keys with which it authenticates, instead of a secret (RFC 7517). */
  readonly jwks: PublicJwks | undefined;
  readonly redirectUris: readonly string[];
  /** Where its users may be sent after a logout. */
  readonly postLogoutRedirectUris: readonly string[];
  /** Where it is told that sessions of its users ended. */
  readonly backchannelLogoutUri: string | undefined;
  /** Of a client that gets a name of its own for each user (OpenID Connect Core §8.1); 32 random bytes. */
  readonly subjectSalt: Uint8Array | undefined;
  /** Until it is enabled again. */
  readonly disabledAt: number | undefined;
  /** The name in its client certificates; see `certificateName.ts`. */
  readonly certificateName: string | undefined;
  /** Its access tokens are bound to the certificate of the connection that asked for them (RFC 8705 §3). */
  readonly certificateBound: boolean;
  readonly createdAt: number;
  readonly revokedAt: number | undefined;
}

/** What can be changed after its creation. */
export type ServiceSettings = Pick<
  Service,
  | 'permissions'
  | 'audiences'
  | 'scopes'
  | 'jwks'
  | 'redirectUris'
  | 'postLogoutRedirectUris'
  | 'backchannelLogoutUri'
  | 'certificateName'
  | 'certificateBound'
>;

/** Neither disabled nor revoked. */
export function isLive({ disabledAt, revokedAt }: Pick<Service, 'disabledAt' | 'revokedAt'>): boolean {
  return disabledAt === undefined && revokedAt === undefined;
}

export interface PublicJwks {
  readonly keys: readonly Readonly<Record<string, unknown>>[];
}

/** One of a service's tokens, at most two. Only the hash is stored. */
export interface ServiceToken {
  readonly createdAt: number;
  /** As the actor in the audit log. */
  readonly createdBy: string;
  /** Refused from then on; undefined means never. */
  readonly expiresAt: number | undefined;
  /** With the precision of `serviceLimits.serviceTokenUseMilliseconds`; undefined means never. */
  readonly lastUsedAt: number | undefined;
}

export interface NewServiceToken extends Omit<ServiceToken, 'lastUsedAt'> {
  readonly hash: Uint8Array;
}

export interface ServiceWithTokens extends Service {
  /** The latest first; a revoked service has no valid one. */
  readonly tokens: readonly ServiceToken[];
}

export const serviceOrders = ['name', 'create_time'] as const;

export interface ServicePage {
  readonly limit: number;
  /** The last one of the page before. */
  readonly after: ServiceId | undefined;
  /** Only the one with this id or name. */
  readonly idOrName?: string | undefined;
  readonly order: ListOrder<(typeof serviceOrders)[number]>;
}

export interface ServiceStore {
  /** Changes nothing when any service uses the name, even a revoked one, or a live one uses the certificate's name. */
  create(
    service: Omit<Service, 'disabledAt' | 'revokedAt'>,
    /** Undefined for a client without a secret. */
    token: NewServiceToken | undefined,
  ): Promise<'created' | 'name_taken' | 'certificate_taken'>;
  /** Finds tokens of live services that are not disabled, including expired tokens. */
  findByTokenHash(hash: Uint8Array): Promise<{ service: Service; token: ServiceToken } | undefined>;
  /** The one live service with one of these names; undefined when there are several. */
  findByCertificateNames(names: readonly string[]): Promise<Service | undefined>;
  /** By id or name; also one that is disabled or revoked. */
  findNamed(idOrName: string): Promise<Service | undefined>;
  /** Also one that is disabled or revoked. */
  find(id: ServiceId): Promise<Service | undefined>;
  hasSecret(id: ServiceId): Promise<boolean>;
  /** Whether a live service other than this one uses the certificate's name. */
  isCertificateTaken(certificateName: string, id: ServiceId): Promise<boolean>;
  /** Replaces these. Rejects when another live service uses the certificate's name. */
  update(id: ServiceId, settings: ServiceSettings): Promise<void>;
  /** `undefined` enables it again. */
  setDisabled(id: ServiceId, at: number | undefined): Promise<void>;
  /** All by name, or a page. */
  list(page?: ServicePage): Promise<readonly ServiceWithTokens[]>;
  /**
   * Adds a token. Of the earlier ones, the latest live at its `createdAt` stays, until `keepUntil` at most; the others are
   * deleted. Only in a transaction; parallel calls run one after the other.
   */
  rotate(id: ServiceId, token: NewServiceToken, keepUntil: number): Promise<void>;
  /** Records a use, unless one was recorded less than `everyMs` before `now`. */
  noteUse(hash: Uint8Array, now: number, everyMs: number): Promise<void>;
  revoke(id: ServiceId, now: number): Promise<void>;
}
