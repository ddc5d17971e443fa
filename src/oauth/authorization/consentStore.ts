import type { ServiceId, UserId } from '@countersign/verifier/ids';

/** What a user allowed an application of somebody else at one audience. */
export interface Consent {
  readonly audience: string;
  readonly scopes: readonly string[];
  readonly grantedAt: number;
}

/** An application with access to a user's account. */
export interface AllowedApp {
  readonly clientId: ServiceId;
  readonly name: string;
  /** By audience. */
  readonly resources: readonly Pick<Consent, 'audience' | 'scopes'>[];
  /** The last time. */
  readonly grantedAt: number;
}

export interface ConsentStore {
  find(userId: UserId, clientId: ServiceId, audience: string): Promise<Consent | undefined>;
  /** Adds to what was allowed there before. */
  grant(userId: UserId, clientId: ServiceId, consent: Consent): Promise<void>;
  /** The latest first. */
  list(userId: UserId): Promise<readonly AllowedApp[]>;
  /** At every audience. False without any. */
  takeBack(userId: UserId, clientId: ServiceId): Promise<boolean>;
  /** Of a user who is deleted. */
  forget(userId: UserId): Promise<void>;
}
