/** A form of filters that stand in the address: `?ip=…&client_id=…`. */
import { useState } from 'preact/hooks';
import { useApp } from '../app/app.ts';
import { Field } from '../parts/field.tsx';
import { useTexts } from './useTexts.ts';

export interface FilterField {
  readonly name: string;
  readonly label: string;
  readonly hint?: string;
  readonly type?: 'text' | 'datetime-local';
}

/** What stands in the address now. */
export function useFilter(names: readonly string[]): Readonly<Record<string, string>> {
  const { router } = useApp();
  const { query } = router.place.value;
  return Object.fromEntries(
    names.flatMap((name) => (query.get(name) ? [[name, query.get(name) ?? '']] : [])),
  );
}

interface Given {
  readonly fields: readonly FilterField[];
  readonly button?: string;
}

export function Filters({ fields, button }: Given) {
  const now = useFilter(fields.map(({ name }) => name));
  // Another address is another form.
  return <FilterForm key={JSON.stringify(now)} {...{ fields, now, button }} />;
}

function FilterForm({
  fields,
  button,
  now,
}: Omit<Given, 'button'> & {
  readonly button: string | undefined;
  readonly now: Readonly<Record<string, string>>;
}) {
  const { router } = useApp();
  const texts = useTexts();
  const [values, setValues] = useState(now);
  return (
    <search>
      <form
        class="line"
        onSubmit={(event) => {
          event.preventDefault();
          const given = Object.entries(values).map(([name, value]) => [name, value.trim() || undefined]);
          // The order stays, the page does not.
          const { path, query } = router.place.value;
          router.go(path, { ...Object.fromEntries(given), order: query.get('order') ?? undefined });
        }}
      >
        {fields.map(({ name, label, hint, type = 'text' }) => (
          <Field
            key={name}
            {...{ label, hint, type }}
            value={values[name] ?? ''}
            onValue={(value) => setValues({ ...values, [name]: value })}
            autocomplete="off"
          />
        ))}
        <button type="submit">{button ?? texts.filter}</button>
      </form>
    </search>
  );
}

/** Of `datetime-local`, in the time zone of the browser; undefined without a time. */
export function millisecondsOf(text: string | undefined): string | undefined {
  const time = text === undefined ? Number.NaN : Date.parse(text);
  return Number.isNaN(time) ? undefined : String(time);
}
