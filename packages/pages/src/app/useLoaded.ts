/** Data that a view shows: loaded when it appears and when its `key` changes. */
import { useCallback, useEffect, useState } from 'preact/hooks';
import { Refusal } from '../api/refusal.ts';

export type Loaded<Value> =
  | { readonly state: 'loading'; readonly value?: undefined }
  | { readonly state: 'ready'; readonly value: Value }
  | { readonly state: 'refused'; readonly refusal: Refusal; readonly value?: undefined };

/** While it loads again, the earlier value stays. */
export function useLoaded<Value>(
  load: () => Promise<Value>,
  key = '',
): Loaded<Value> & { readonly reload: () => void } {
  const [loaded, setLoaded] = useState<Loaded<Value>>({ state: 'loading' });
  const [turn, setTurn] = useState(0);
  useEffect(() => {
    let isWanted = true;
    const keep = (next: Loaded<Value>) => {
      if (isWanted) setLoaded(next);
    };
    load().then(
      (value) => keep({ state: 'ready', value }),
      (error) => keep({ state: 'refused', refusal: asRefusal(error) }),
    );
    return () => {
      isWanted = false;
    };
  }, [key, turn]);
  const reload = useCallback(() => setTurn((before) => before + 1), []);
  return { ...loaded, reload };
}

function asRefusal(error: unknown): Refusal {
  return error instanceof Refusal ? error : new Refusal('internal', { detail: String(error) });
}
