/** What a look-up says of a session: who, with which roles, factors and device, and since when. */
import type { SessionId } from '@countersign/verifier/ids';
import { type Revocation, revokedUntil } from '@countersign/verifier/revocation/revocation';
import { hashedSubject } from '@countersign/verifier/subject';
import type { Session } from '../session.ts';
import type { Subject } from '../store.ts';
import { lookUpLimits } from './limits.ts';

/** What lists and look-ups show of a session. */
export type ShownSession = Omit<
  Session,
  | 'sealedSecret'
  | 'generation'
  | 'rotatedAt'
  | 'graceRepeats'
  | 'boundKey'
  | 'startedFrom'
  | 'hasStarted'
  | 'deviceId'
  | 'otherIp'
  | 'otherIpAt'
  | 'quickRefreshes'
  | 'endedAt'
  | 'openedBy'
  | 'userId'
> & {
  /** Undefined for a client's own session. */
  readonly userId: Session['userId'] | undefined;
};

/** Of a session that has not ended; it may have expired. Read at one moment. */
export interface SessionFacts extends ShownSession {
  /** Of the user, or of a client for itself; some may have expired. `secondFactor`: somewhere only a user proved by two has it. */
  readonly roles: readonly {
    readonly role: string;
    readonly secondFactor: boolean;
    readonly expiresAt: number | undefined;
  }[];
  readonly user:
    | { readonly email: string; readonly emailVerified: boolean; readonly phone: string | undefined }
    | undefined;
  /** The client that started it; undefined for first-party sessions. `subjectSalt`: base64, of a client with pairwise names. */
  readonly client: { readonly subjectSalt: string | undefined } | undefined;
}

/** Whose facts they are: `sub` of the session's tokens. */
export function subjectOf({
  id,
  userId,
  clientId,
}: Pick<SessionFacts, 'id' | 'userId' | 'clientId'>): string {
  return userId ?? clientId ?? (id satisfies SessionId);
}

/** The deny-list subject of what was known of a user or client until now; no token has it. */
export function factsSubject(subject: string): Uint8Array {
  return hashedSubject('countersign facts', subject);
}

/** Refuses entries of the user or client for as long as any of before can be in use. Revoke it where such a fact changes. */
export function factsChanged(subject: Subject, now: number): Revocation {
  const expiresAt = revokedUntil(now + lookUpLimits.entryMilliseconds);
  return { subject: factsSubject(subject), reason: 'facts', expiresAt };
}
