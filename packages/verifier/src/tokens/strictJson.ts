/**
 * JSON objects as a token may hold them. `JSON.parse` keeps the last of duplicate members and accepts white space
 * around the text; two readers that differ there can be made to see two tokens in one (RFC 8725 §2.4).
 */
import { isUtf8 } from 'node:buffer';

const poisonous = new Set(['__proto__', 'constructor', 'prototype']);
/** Text with none of these has no escapes, and no member that must not be there. */
const needsWalk = /\\|__proto__|constructor|prototype/;

/** Reads one JSON object, or answers `undefined`: bad UTF-8, text around it, duplicate or poisonous member names. */
export function parseStrictObject(bytes: Uint8Array): Readonly<Record<string, unknown>> | undefined {
  if (!isUtf8(bytes)) return undefined;
  try {
    const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('utf8');
    if (!text.startsWith('{') || !text.endsWith('}')) return undefined;
    const value = JSON.parse(text) as Record<string, unknown>;
    return isAsWritten(text, value) || isStrict(text) ? value : undefined;
  } catch {
    return undefined;
  }
}

/** As what we sign ourselves is: when writing it again gives the same text, nothing was said twice. Quicker than a walk. */
function isAsWritten(text: string, value: unknown): boolean {
  try {
    return !needsWalk.test(text) && JSON.stringify(value) === text;
  } catch {
    // Nested too deeply to be written; to be walked it is not.
    return false;
  }
}

const tokens = /"(?:[^"\\]|\\.)*"|[{}[\],]/g;

/** Walks text that `JSON.parse` has accepted; keeps one set of names for each object that is open. */
function isStrict(text: string): boolean {
  const open: (Set<string> | undefined)[] = [];
  let atName = false;
  for (const [token] of text.matchAll(tokens)) {
    if (!token.startsWith('"')) nest(open, token);
    else if (!isStrictString(token, atName ? open.at(-1) : undefined)) return false;
    // A name follows the opening of an object, and a comma in one.
    atName = token === '{' || (token === ',' && open.at(-1) !== undefined);
  }
  return true;
}

function nest(open: (Set<string> | undefined)[], token: string): void {
  if (token === '{') open.push(new Set());
  if (token === '[') open.push(undefined);
  if (token === '}' || token === ']') open.pop();
}

/**
 * Read as it is meant, not as it is spelt: escapes make no other name, and can spell what UTF-8 cannot, lone surrogates
 * and NUL, at which some readers stop. `names` is given for the name of a member, and takes it up.
 */
function isStrictString(literal: string, names: Set<string> | undefined): boolean {
  const text = literal.includes('\\') ? (JSON.parse(literal) as string) : literal.slice(1, -1);
  if (!text.isWellFormed() || text.includes('\0')) return false;
  if (names === undefined) return true;
  if (names.has(text) || poisonous.has(text)) return false;
  names.add(text);
  return true;
}
