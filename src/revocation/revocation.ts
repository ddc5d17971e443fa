/**
 * Revocation: the durable fact that a session or a token is dead, and the deny-list that answers from memory.
 * Owns the filters, the confirmation of their hits and the guarantee of effect. Does not own why a session ends
 * (flows), nor where rows, sets and messages live (storage).
 */

/** `subject` is the 16 bytes of a session id or the 27 bytes of a jti: the deny-list knows one kind of entry. */
export interface Revocation {
  readonly subject: Uint8Array;
  /** A stable word of the contract, such as `logout`. */
  readonly reason: string;
  /** Milliseconds since the Unix epoch, after which no verifier accepts a token that this covers. */
  readonly expiresAt: number;
}

/** 16 bytes name a session; anything else names a token. */
export const sessionSubjectBytes = 16;

/** How many live revocations end in one time slice. */
export interface SliceCount {
  /** Milliseconds since the Unix epoch, a multiple of the slice's length. */
  readonly endsAt: number;
  readonly ofSessions: boolean;
  readonly entries: number;
}

/** The truth about revocations. */
export interface RevocationStore {
  /** Records them, or extends the expiry of those that are there. Durable when the transaction has committed. */
  record(revocations: readonly Revocation[], now: number): Promise<void>;
  /** Those of these subjects that are revoked. */
  find(subjects: readonly Uint8Array[]): Promise<readonly Revocation[]>;
  /** The next `limit` that are live at `now`, in the order of their subjects, after this one. */
  listLive(now: number, limit: number, after?: Uint8Array): Promise<readonly Revocation[]>;
  /** How many there are of them by time slice, so that memory can be laid out before they are read. */
  countLive(now: number, sliceMs: number): Promise<readonly SliceCount[]>;
  /** Deletes at most `limit` that expired before `now`; answers how many. */
  prune(now: number, limit: number): Promise<number>;
}

/**
 * Brings committed revocations into effect. Resolves when no strict check anywhere says "not revoked" of them (I1),
 * so an acknowledgement waits for it and for nothing else.
 */
export interface Effect {
  announce(revocations: readonly Revocation[]): Promise<void>;
}
