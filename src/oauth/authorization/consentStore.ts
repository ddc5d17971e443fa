import type { ServiceId, UserId } from '@countersign/verifier/ids';

/** What a user allowed an application of somebody else. */
export interface Consent {
  readonly scopes: readonly string[];
  readonly grantedAt: number;
}

/** An application with access to a user's account. */
export interface AllowedApp extends Consent {
  readonly clientId: ServiceId;
  readonly name: string;
}

export interface ConsentStore {
  find(userId: UserId, clientId: ServiceId): Promise<Consent | undefined>;
  /** Adds to what was allowed before. */
  grant(userId: UserId, clientId: ServiceId, consent: Consent): Promise<void>;
  /** The latest first. */
  list(userId: UserId): Promise<readonly AllowedApp[]>;
  /** False without one. */
  takeBack(userId: UserId, clientId: ServiceId): Promise<boolean>;
  /** Of a user who is deleted. */
  forget(userId: UserId): Promise<void>;
}
