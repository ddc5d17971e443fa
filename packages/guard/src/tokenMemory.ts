/**
 * A bounded cache by exact token text, in two halves: the older half is dropped when the younger is full. A hit moves to the
 * younger half, so used tokens stay. Faster than a full LRU order. The hash covers only the end of the text, in the signature,
 * and then the whole text must be equal: each request has a new string, and hashing 40 characters is much faster than 700.
 */
export interface TokenMemory<Value extends { readonly text: string }> {
  get(text: string): Value | undefined;
  set(value: Value): void;
  delete(text: string): void;
  size(): number;
}

/** Of the 86 characters of an ES256 signature. */
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
