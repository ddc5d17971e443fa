/**
 * JSON objects as a token may hold them. `JSON.parse` keeps the last of duplicate members and accepts white space
 * around the text; two readers that differ there can be made to see two tokens in one (RFC 8725 §2.4).
 */

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
const poisonous = new Set(['__proto__', 'constructor', 'prototype']);

/** Reads one JSON object, or answers `undefined`: bad UTF-8, text around it, duplicate or poisonous member names. */
export function parseStrictObject(bytes: Uint8Array): Readonly<Record<string, unknown>> | undefined {
  try {
    const text = utf8.decode(bytes);
    if (!text.startsWith('{') || !text.endsWith('}')) return undefined;
    const value: unknown = JSON.parse(text);
    return hasDistinctMembers(text) && text.isWellFormed() ? (value as Record<string, unknown>) : undefined;
  } catch {
    return undefined;
  }
}

const tokens = /"(?:[^"\\]|\\.)*"|[{}[\],]/g;

/** Walks text that `JSON.parse` has accepted; keeps one set of names for each object that is open. */
function hasDistinctMembers(text: string): boolean {
  const open: (Set<string> | undefined)[] = [];
  let atName = false;
  for (const [token] of text.matchAll(tokens)) {
    if (token === '{' || token === '[') open.push(token === '{' ? new Set() : undefined);
    else if (token === '}' || token === ']') open.pop();
    else if (token !== ',' && atName && !addName(open.at(-1), token)) return false;
    // A name follows the opening of an object, or a comma in one; after a name comes its value.
    atName = token === '{' || (token === ',' && open.at(-1) !== undefined);
  }
  return true;
}

/** Names are compared as they are meant, not as they are spelt: an escape does not make another name. */
function addName(names: Set<string> | undefined, literal: string): boolean {
  const name = JSON.parse(literal) as string;
  if (names === undefined || names.has(name) || poisonous.has(name)) return false;
  names.add(name);
  return true;
}
