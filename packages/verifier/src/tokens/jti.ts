/**
 * `jti` = base64url of session id (16 bytes) ‖ issue time in milliseconds (6) ‖ rights epoch (2) ‖ random (3): 36 characters that
 * contain a token's session, its issue time, and how often rights had been taken away from the session before.
 */
import { randomBytes } from 'node:crypto';
import { encodeBase64url } from '../encoding.ts';
import { type SessionId, uuidBytes, uuidFromBytes, uuidPattern } from '../ids.ts';

const sessionBytes = 16;
const timeBytes = 6;
const epochBytes = 2;
const randomPart = 3;
const epochAt = sessionBytes + timeBytes;

export const jtiBytes = epochAt + epochBytes + randomPart;
export const jtiCharacters = 36;
/** A session whose rights were taken away more often than this ends. */
export const lastRightsEpoch = 2 ** (8 * epochBytes) - 1;

const noSession = Buffer.alloc(sessionBytes);

const uuid = new RegExp(uuidPattern);
/** Node.js decodes much that is not base64url: it ignores white space, and of each code unit it may read the lower byte only. */
const spelling = new RegExp(`^[A-Za-z0-9_-]{${jtiCharacters}}$`);

export interface Jti {
  readonly text: string;
  readonly sessionId: SessionId;
  /** Milliseconds since the Unix epoch. */
  readonly issuedAt: number;
  /**
   * The deny-list subjects that cover this token: itself (27 bytes), its session (16 bytes) and the session's rights at that time
   * (27 bytes).
   */
  readonly subjects: readonly [token: Uint8Array, session: Uint8Array, rights: Uint8Array];
}

/** `rightsEpoch`: how often rights were taken away from the session until now. */
export function newJti(sessionId: SessionId, now: number, rightsEpoch: number): string {
  const bytes = rightsSubject(sessionId, rightsEpoch);
  bytes.writeUIntBE(now, sessionBytes, timeBytes);
  randomBytes(randomPart).copy(bytes, epochAt + epochBytes);
  return encodeBase64url(bytes);
}

/**
 * The deny-list subject of all tokens that a session got in one rights epoch: the form of a jti without time and random part, which
 * no token has.
 */
export function rightsSubject(sessionId: SessionId, rightsEpoch: number): Buffer {
  const bytes = Buffer.alloc(jtiBytes);
  uuidBytes(sessionId).copy(bytes);
  bytes.writeUIntBE(rightsEpoch, epochAt, epochBytes);
  return bytes;
}

/** What a check needs of a jti: without the text of its session, which costs as much as all the rest. */
export type JtiSubjects = Pick<Jti, 'subjects' | 'issuedAt'>;

/**
 * `undefined` unless it is 36 base64url characters with a session and a time: subjects without a session are marks
 * (`packages/verifier/src/revocation/issuedBefore.ts`), those without a time rights.
 */
export function readJti(text: string): JtiSubjects | undefined {
  // A UUID also has 36 characters of this alphabet: a caller that sends a session id must get an error.
  if (!spelling.test(text) || (text[8] === '-' && uuid.test(text))) return undefined;
  // 36 characters are 27 bytes exactly: no bits are left over that could be spelled in another way.
  const bytes = Buffer.from(text, 'base64url');
  const session = bytes.subarray(0, sessionBytes);
  if (bytes[0] === 0 && session.equals(noSession)) return undefined;
  const issuedAt = bytes.readUIntBE(sessionBytes, timeBytes);
  if (issuedAt === 0) return undefined;
  const rights = Buffer.from(bytes);
  rights.fill(0, sessionBytes, epochAt).fill(0, epochAt + epochBytes);
  return { issuedAt, subjects: [bytes, session, rights] };
}

/** As `readJti`, with the session's id as text. */
export function parseJti(text: string): Jti | undefined {
  const read = readJti(text);
  return read && { ...read, text, sessionId: uuidFromBytes(read.subjects[1]) as SessionId };
}
