/** A list of ways to sign in, each with what can be done with it. */
import type { ComponentChildren } from 'preact';
import { useApp } from '../app/app.ts';
import type { Factor, Factors } from './answers.ts';
import { removeFactor } from './removeFactor.ts';
import { useTexts } from './useTexts.ts';

export function FactorList({
  factors: { factors, passkeys },
  shows,
  empty,
  about,
  actions,
  onChange,
}: {
  readonly factors: Factors;
  readonly shows: (kind: string) => boolean;
  readonly empty: string;
  readonly about: (factor: Factor) => string;
  readonly actions?: (factor: Factor) => ComponentChildren;
  readonly onChange: () => void;
}) {
  const app = useApp();
  const { formats } = app;
  const texts = useTexts();
  const shown = factors.filter(({ kind }) => shows(kind));
  if (shown.length === 0) return <p class="empty">{empty}</p>;
  return (
    <ul class="cards">
      {shown.map((factor) => (
        <li key={factor.id} class="card">
          <h2>
            <bdi>{factor.name}</bdi>
          </h2>
          <p>{about(factor)}</p>
          <dl class="facts">
            <dt>{texts.factors.created}</dt>
            <dd>{formats.time(factor.created_at)}</dd>
            <dt>{texts.factors.lastUsed}</dt>
            <dd>{factor.last_used_at === null ? texts.factors.never : formats.ago(factor.last_used_at)}</dd>
          </dl>
          <div class="buttons">
            {actions?.(factor)}
            <button
              type="button"
              aria-label={texts.factors.removeNamed(factor.name)}
              onClick={() => removeFactor(app, texts, { factor, passkeys }).then(onChange)}
            >
              {texts.factors.remove}
            </button>
          </div>
        </li>
      ))}
    </ul>
  );
}
