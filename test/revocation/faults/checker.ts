/**
 * The judge of a run: it is told what was asked, when, and what came back, and says which answers break a promise. Owns
 * no clock and asks nobody; times are milliseconds of one monotonic clock, that of the test.
 */

/** `unavailable`: no answer about the token, whatever the reason. */
export type Answer = 'revoked' | 'not revoked' | 'unavailable';

export interface Check {
  readonly sessionId: string;
  /** Where and how it was asked, for the report. */
  readonly door: string;
  readonly startedAt: number;
  readonly answer: Answer;
}

export interface Checker {
  /** A logout was sent. Until it is acknowledged the session may be either, also when it was refused. */
  logoutSent(sessionId: string): void;
  /** Its 204 was received. */
  logoutAcknowledged(sessionId: string, at: number): void;
  answered(check: Check): void;
  readonly counts: { readonly checks: number; readonly unavailable: number };
  /** "Not revoked", by a check that was sent after the acknowledgement (I1). */
  readonly notInEffect: readonly string[];
  /** "Revoked", of a session that nobody has tried to end (I4). */
  readonly wronglyRevoked: readonly string[];
}

export function createChecker(): Checker {
  const sent = new Set<string>();
  const acknowledgedAt = new Map<string, number>();
  const counts = { checks: 0, unavailable: 0 };
  const notInEffect: string[] = [];
  const wronglyRevoked: string[] = [];
  return {
    logoutSent: (sessionId) => void sent.add(sessionId),
    logoutAcknowledged(sessionId, at) {
      // Of several, the first one is the promise.
      if (!acknowledgedAt.has(sessionId)) acknowledgedAt.set(sessionId, at);
    },
    answered({ sessionId, door, startedAt, answer }) {
      counts.checks += 1;
      if (answer === 'unavailable') counts.unavailable += 1;
      const since = startedAt - (acknowledgedAt.get(sessionId) ?? Infinity);
      if (answer === 'not revoked' && since > 0)
        notInEffect.push(`${door}: session ${sessionId}, asked ${since.toFixed(1)} ms after its end`);
      if (answer === 'revoked' && !sent.has(sessionId)) wronglyRevoked.push(`${door}: session ${sessionId}`);
    },
    counts,
    notInEffect,
    wronglyRevoked,
  };
}
