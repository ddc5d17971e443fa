/** What a view shows of its data: that it comes, that it did not come, or the data. */
import type { ComponentChildren } from 'preact';
import { useApp } from '../app/app.ts';
import type { Loaded } from '../app/useLoaded.ts';
import { sentenceOf } from '../texts/problems.ts';

export function Show<Value>({
  loaded,
  children,
}: {
  readonly loaded: Loaded<Value> & { readonly reload: () => void };
  readonly children: (value: Value) => ComponentChildren;
}) {
  const { texts } = useApp();
  if (loaded.state === 'loading') return <p role="status">{texts.loading}</p>;
  if (loaded.state === 'ready') return <>{children(loaded.value)}</>;
  // The shell says it.
  if (loaded.refusal.code === 'session_ended') return null;
  return (
    <div role="alert" class="notice problem">
      <p>{sentenceOf(texts, loaded.refusal)}</p>
      <button type="button" onClick={loaded.reload}>
        {texts.tryAgain}
      </button>
    </div>
  );
}
