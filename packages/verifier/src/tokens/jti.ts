/**
 * `jti` = base64url of session id (16 bytes) ‖ issue time in milliseconds (6) ‖ random (5): 36 characters that contain a token's
 * session and issue time.
 */
import { randomBytes } from 'node:crypto';
import { decodeBase64url, encodeBase64url } from '../encoding.ts';
import { type SessionId, uuidBytes, uuidFromBytes, uuidPattern } from '../ids.ts';

const sessionBytes = 16;
const timeBytes = 6;
const randomPart = 5;

export const jtiBytes = sessionBytes + timeBytes + randomPart;
export const jtiCharacters = 36;

const noSession = Buffer.alloc(sessionBytes);

const uuid = new RegExp(uuidPattern);

export interface Jti {
  readonly text: string;
  readonly sessionId: SessionId;
  /** Milliseconds since the Unix epoch. */
  readonly issuedAt: number;
  /** The deny-list subjects that cover this token: itself (27 bytes) and its session (16 bytes). */
  readonly subjects: readonly [token: Uint8Array, session: Uint8Array];
}

export function newJti(sessionId: SessionId, now: number): string {
  const bytes = Buffer.alloc(jtiBytes);
  uuidBytes(sessionId).copy(bytes);
  bytes.writeUIntBE(now, sessionBytes, timeBytes);
  randomBytes(randomPart).copy(bytes, sessionBytes + timeBytes);
  return encodeBase64url(bytes);
}

/**
 * `undefined` unless it is 36 base64url characters with a session: subjects without one are marks
 * (`packages/verifier/src/revocation/issuedBefore.ts`).
 */
export function parseJti(text: string): Jti | undefined {
  // A UUID also has 36 characters of this alphabet: a caller that sends a session id must get an error.
  if (text.length !== jtiCharacters || uuid.test(text)) return undefined;
  const bytes = decodeBase64url(text);
  if (bytes === undefined) return undefined;
  const session = bytes.subarray(0, sessionBytes);
  if (session.equals(noSession)) return undefined;
  return {
    text,
    sessionId: uuidFromBytes(session) as SessionId,
    issuedAt: bytes.readUIntBE(sessionBytes, timeBytes),
    subjects: [bytes, session],
  };
}
