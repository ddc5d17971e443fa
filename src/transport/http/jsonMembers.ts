/**
 * Refuses duplicate members in JSON objects. `JSON.parse` keeps the last, other readers the first; a proxy that inspects bodies
 * would see another e-mail than we do (RFC 8259 §4).
 */

const marks = /"(?:[^"\\]|\\.)*"|:/g;

/** `text`: the source of `value`. */
export function eachMemberOnce(text: string, value: unknown): boolean {
  if (!isObject(value)) return true;
  const members = Object.values(value);
  // The form most clients write. Faster than scanning; a nested one may be too deep for it.
  if (!members.some(isObject) && JSON.stringify(value) === text) return true;
  return membersOf(value) === colonsOf(text);
}

/** In all depths, without recursion: a body may be deeper than the stack. */
function membersOf(value: object): number {
  let count = 0;
  const open: object[] = [value];
  for (let each = open.pop(); each !== undefined; each = open.pop()) {
    const members: unknown[] = Object.values(each);
    if (!Array.isArray(each)) count += members.length;
    open.push(...members.filter(isObject));
  }
  return count;
}

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null;
}

/** Outside strings, each member has one. */
function colonsOf(text: string): number {
  let colons = 0;
  for (const [mark] of text.matchAll(marks)) if (mark === ':') colons += 1;
  return colons;
}
