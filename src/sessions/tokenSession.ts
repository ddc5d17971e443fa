/**
 * Sessions as far as tokens without a refresh token need them: a client's own session, and the session of a token that is exchanged.
 * A client has one durable row, without a user; its id is `sid` of every token that the client gets for itself, and ending it ends
 * them all.
 */
import type { ServiceId, SessionId, UserId } from '@countersign/verifier/ids';
import type { RightsFacts } from '../rights/rights.ts';

/** Locked until the end of the transaction. */
export interface TokenSession {
  readonly id: SessionId;
  /** Undefined for a client's own session. */
  readonly userId: UserId | undefined;
  readonly clientId: string;
  readonly tokenVersion: number;
  readonly rightsEpoch: number;
  /** What the user, or else the client, may do at the audience; read under the lock. */
  readonly rights: RightsFacts;
}

export interface NotedToken {
  readonly now: number;
  readonly accessExpiresAt: number;
  readonly signingKid: string;
}

export interface TokenSessionStore {
  /** The client's live session, or a new one with this id. `sealedSecret`: of the new one; nobody gets a token derived from it. */
  open(
    clientId: ServiceId,
    made: { readonly id: SessionId; readonly sealedSecret: Uint8Array; readonly now: number },
    audience: string,
  ): Promise<TokenSession>;
  /** Undefined when it ended, or its user changed since in a way that ends sessions. */
  lock(id: SessionId, audience: string): Promise<TokenSession | undefined>;
  /** Notes a token before it exists. A client's session stays at least `keptMs` longer. */
  note(id: SessionId, token: NotedToken, keptMs: number): Promise<void>;
  /** A token of it is exchanged: revoking one of its tokens must reach what came of that. */
  noteExchange(id: SessionId): Promise<void>;
  /** Locks it; whether a token of it was exchanged. Undefined without a row. */
  wasExchanged(id: SessionId): Promise<boolean | undefined>;
}
