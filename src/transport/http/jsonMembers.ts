/**
 * Refuses duplicate members in a JSON object. `JSON.parse` keeps the last, other readers the first; a proxy that inspects bodies
 * would see another e-mail than we do (RFC 8259 §4).
 */

const marks = /"(?:[^"\\]|\\.)*"|[{}[\],]/g;

/** `text`: the source of `value`. Nested objects are not checked: no body of ours has any. */
export function eachMemberOnce(text: string, value: unknown): boolean {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return true;
  // The form most clients write. Faster than scanning.
  if (JSON.stringify(value) === text) return true;
  const members = Object.keys(value).length;
  return members === 0 || members === 1 + outerCommas(text);
}

function outerCommas(text: string): number {
  let depth = 0;
  let commas = 0;
  for (const [mark] of text.matchAll(marks)) {
    if (mark === '{' || mark === '[') depth += 1;
    else if (mark === '}' || mark === ']') depth -= 1;
    else if (mark === ',' && depth === 1) commas += 1;
  }
  return commas;
}
