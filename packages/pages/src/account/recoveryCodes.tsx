/** Recovery codes that have just been made: the only time that they are shown. */
import { useTexts } from './useTexts.ts';

export function ShownCodes({ codes }: { readonly codes: readonly string[] }) {
  const { factors: texts } = useTexts();
  if (codes.length === 0) return null;
  return (
    <section class="notice" aria-label={texts.codes}>
      <p>{texts.codesShown}</p>
      <ul class="codes">
        {codes.map((code) => (
          <li key={code}>
            <code>{code}</code>
          </li>
        ))}
      </ul>
    </section>
  );
}
