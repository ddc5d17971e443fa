/**
 * Things by the exact text of a token, bounded: the older half is forgotten when the younger one is full. What is asked for
 * moves to the younger half, so what is used stays. Quicker than keeping the order of all.
 */
export interface TokenMemory<Value> {
  get(text: string): Value | undefined;
  set(text: string, value: Value): void;
  delete(text: string): void;
  size(): number;
}

export function createTokenMemory<Value>(maximum: number): TokenMemory<Value> {
  const half = Math.ceil(maximum / 2);
  let young = new Map<string, Value>();
  let old = new Map<string, Value>();

  const set = (text: string, value: Value) => {
    if (young.size >= half && !young.has(text)) {
      old = young;
      young = new Map();
    }
    young.set(text, value);
  };
  const getOld = (text: string): Value | undefined => {
    const value = old.get(text);
    if (value === undefined) return undefined;
    old.delete(text);
    set(text, value);
    return value;
  };

  return {
    get: (text) => young.get(text) ?? getOld(text),
    set,
    delete(text) {
      young.delete(text);
      old.delete(text);
    },
    size: () => young.size + old.size,
  };
}
