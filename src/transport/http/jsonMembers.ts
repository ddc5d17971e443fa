/**
 * Whether each member of a JSON object is there once. `JSON.parse` keeps the last of several, other readers keep the first; a
 * proxy that looks at bodies would see another e-mail than we do (RFC 8259 §4).
 */

const marks = /"(?:[^"\\]|\\.)*"|[{}[\],]/g;

/** `text`: what `value` was parsed from. Objects inside are not looked into: no body of ours has any. */
export function eachMemberOnce(text: string, value: unknown): boolean {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return true;
  // As most clients write it. Quicker than a look at each character.
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
