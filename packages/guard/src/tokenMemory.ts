/**
 * Things by the exact text of a token, bounded: the older half is forgotten when the younger one is full. What is asked for
 * moves to the younger half, so what is used stays. Quicker than keeping the order of all.
 *
 * They are found by the end of the text, which is of the signature, and count only when all of it is the same: each request
 * brings a new string, and to hash some 40 characters of it is much quicker than 700.
 */
export interface TokenMemory<Value extends { readonly text: string }> {
  get(text: string): Value | undefined;
  set(value: Value): void;
  delete(text: string): void;
  size(): number;
}

/** Of 86 that an ES256 signature has. */
const hashedCharacters = 40;

export function createTokenMemory<Value extends { readonly text: string }>(
  maximum: number,
): TokenMemory<Value> {
  const half = Math.ceil(maximum / 2);
  let young = new Map<string, Value>();
  let old = new Map<string, Value>();

  const put = (end: string, value: Value) => {
    if (young.size >= half && !young.has(end)) {
      old = young;
      young = new Map();
    }
    young.set(end, value);
  };
  const getOld = (end: string): Value | undefined => {
    const value = old.get(end);
    if (value === undefined) return undefined;
    old.delete(end);
    put(end, value);
    return value;
  };
  const endOf = (text: string) => text.slice(-hashedCharacters);

  return {
    get(text) {
      const end = endOf(text);
      const value = young.get(end) ?? getOld(end);
      return value?.text === text ? value : undefined;
    },
    set: (value) => put(endOf(value.text), value),
    delete(text) {
      const end = endOf(text);
      young.delete(end);
      old.delete(end);
    },
    size: () => young.size + old.size,
  };
}
