/**
 * JSON objects in a token. `JSON.parse` keeps the last of duplicate members and accepts white space around the text; readers that
 * differ there can see two tokens in one (RFC 8725 §2.4).
 */
import { isUtf8 } from 'node:buffer';

const poisonous = new Set(['__proto__', 'constructor', 'prototype']);
/** Text with none of these has no escapes and no dangerous member names. */
const needsWalk = /\\|__proto__|constructor|prototype/;

/** Reads one JSON object; `undefined` for bad UTF-8, surrounding text, or duplicate or dangerous member names. */
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

/** True for text in our own form: if writing it again gives the same text, nothing is duplicated. Faster than the walk. */
function isAsWritten(text: string, value: unknown): boolean {
  try {
    return !needsWalk.test(text) && JSON.stringify(value) === text;
  } catch {
    // Too deep for JSON.stringify, which recurses; the walk does not.
    return false;
  }
}

const tokens = /"(?:[^"\\]|\\.)*"|[{}[\],]/g;

/** Walks text that `JSON.parse` accepted; keeps one set of names per open object. */
function isStrict(text: string): boolean {
  const open: (Set<string> | undefined)[] = [];
  let atName = false;
  for (const [token] of text.matchAll(tokens)) {
    if (!token.startsWith('"')) nest(open, token);
    else if (!isStrictString(token, atName ? open.at(-1) : undefined)) return false;
    // A name follows `{`, and a comma inside an object.
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
 * Compares decoded strings: escapes do not make another name, and can spell lone surrogates and NUL, where some readers stop.
 * With `names`, the string is a member's name and is added.
 */
function isStrictString(literal: string, names: Set<string> | undefined): boolean {
  const text = literal.includes('\\') ? (JSON.parse(literal) as string) : literal.slice(1, -1);
  if (!text.isWellFormed() || text.includes('\0')) return false;
  if (names === undefined) return true;
  if (names.has(text) || poisonous.has(text)) return false;
  names.add(text);
  return true;
}
