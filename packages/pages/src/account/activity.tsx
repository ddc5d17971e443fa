/** What happened to the account, page by page. */
import { useApp } from '../app/app.ts';
import { useLoaded } from '../app/useLoaded.ts';
import { Show } from '../parts/loading.tsx';
import { Pages, Table } from '../parts/table.tsx';
import type { Activity } from './answers.ts';
import { useTexts } from './useTexts.ts';

export function ActivityView() {
  const { api, router, formats } = useApp();
  const { activity: texts } = useTexts();
  const after = router.place.value.query.get('after');
  const query = after === null ? '' : `?${new URLSearchParams({ after })}`;
  const loaded = useLoaded(() => api.get<Activity>(`/auth/activity${query}`), query);
  const known: Readonly<Record<string, string>> = texts.events;
  return (
    <>
      <p>{texts.explanation}</p>
      <Show loaded={loaded}>
        {({ events, next }) => (
          <>
            <Table
              caption={texts.title}
              rows={events}
              keyOf={({ id }) => id}
              empty={texts.none}
              columns={[
                { name: texts.when, cell: ({ at }) => formats.time(at) },
                { name: texts.what, cell: ({ type }) => known[type] ?? texts.otherEvent },
                { name: texts.who, cell: ({ by }) => texts.by[by] },
                { name: texts.from, cell: ({ ip }) => ip ?? '' },
              ]}
            />
            <Pages next={next} />
          </>
        )}
      </Show>
    </>
  );
}
