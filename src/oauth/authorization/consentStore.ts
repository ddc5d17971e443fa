import type { ServiceId, UserId } from '@countersign/verifier/ids';

/** What a user allowed an application of somebody else. */
export interface Consent {
  readonly scopes: readonly string[];
  readonly grantedAt: number;
}

export interface ConsentStore {
  find(userId: UserId, clientId: ServiceId): Promise<Consent | undefined>;
  /** Adds to what was allowed before. */
  grant(userId: UserId, clientId: ServiceId, consent: Consent): Promise<void>;
}
