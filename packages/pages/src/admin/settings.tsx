/** Settings, to be read: values, and where each comes from. */
import { useLoaded } from '../app/useLoaded.ts';
import { Show } from '../parts/loading.tsx';
import { Table } from '../parts/table.tsx';
import { useAdmin } from './adminApi.ts';
import type { Setting } from './messages.ts';
import { useTexts } from './useTexts.ts';

interface Settings {
  readonly settings: readonly Setting[];
  readonly warnings: readonly string[];
}

export function SettingsView() {
  const api = useAdmin();
  const { settings: texts } = useTexts();
  const loaded = useLoaded(() => api.read<Settings>('StatusService/ListSettings'));
  return (
    <>
      <p>{texts.explanation}</p>
      <Show loaded={loaded}>
        {({ settings, warnings }) => (
          <>
            {warnings.map((warning) => (
              <p key={warning} class="notice problem">
                {warning}
              </p>
            ))}
            {settings.length === 0 && <p class="empty">{texts.none}</p>}
            {[...new Set(settings.map(({ group }) => group))].map((group) => (
              <Table
                key={group}
                caption={group}
                rows={settings.filter((each) => each.group === group)}
                keyOf={({ name }) => name}
                empty={texts.none}
                columns={[
                  { name: texts.name, cell: ({ name }) => name },
                  {
                    name: texts.value,
                    cell: ({ value, secret, source }) =>
                      secret && source !== 'SETTING_SOURCE_NOT_SET' ? texts.hidden : value || '–',
                  },
                  { name: texts.source, cell: ({ source }) => texts.sources[source] ?? source },
                  { name: texts.meaning, cell: ({ description }) => description },
                ]}
              />
            ))}
          </>
        )}
      </Show>
    </>
  );
}
