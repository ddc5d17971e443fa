/** Live sessions by the filters of `Revoke`. */
import { useApp } from '../app/app.ts';
import { useLoaded } from '../app/useLoaded.ts';
import { Show } from '../parts/loading.tsx';
import { type Column, Pages, Table } from '../parts/table.tsx';
import { useAdmin } from './adminApi.ts';
import { Time, UserLink } from './cells.tsx';
import { useChange } from './change.tsx';
import { Filters } from './filters.tsx';
import type { Page, Session } from './messages.ts';
import { useOrder } from './order.ts';
import { sessionFilter, useSessionFields, useSessionFilter } from './sessionFilter.ts';
import { useTexts } from './useTexts.ts';

export function SessionsView() {
  const api = useAdmin();
  const { router } = useApp();
  const { sessions: texts } = useTexts();
  const given = useSessionFilter();
  const page_token = router.place.value.query.get('after') ?? '';
  // Oldest first would read all sessions that have ended before it finds live ones; those of a user have an index.
  const sortable = given['user_id'] === undefined ? ([] as const) : (['create_time'] as const);
  const { order, sortBy } = useOrder<'create_time'>(sortable, 'create_time desc');
  const request = { filter: sessionFilter(given), order_by: order, page_token };
  const loaded = useLoaded(
    () => api.read<Page & { sessions: readonly Session[] }>('SessionService/FindSessions', request),
    JSON.stringify(request),
  );
  return (
    <>
      <Filters fields={useSessionFields()} />
      <Show loaded={loaded}>
        {({ sessions, next_page_token: next }) => (
          <>
            <SessionTable
              caption={texts.title}
              sessions={sessions}
              reload={loaded.reload}
              created={sortable.length === 0 ? {} : sortBy('create_time')}
            />
            <Pages next={next || undefined} />
          </>
        )}
      </Show>
      {Object.keys(given).length > 0 && (
        <p>
          <a class="button" href={router.addressOf('revoke', given)}>
            {texts.revokeThese}
          </a>
        </p>
      )}
    </>
  );
}

export function SessionTable({
  caption,
  sessions,
  reload,
  created = {},
}: {
  readonly caption: string;
  readonly sessions: readonly Session[];
  readonly reload: () => void;
  /** How its times of creation are sorted. */
  readonly created?: Pick<Column<Session>, 'sort'>;
}) {
  const { sessions: texts, ...shared } = useTexts();
  const { make, dialog } = useChange(reload);
  const end = (session: Session) =>
    make({
      ...{ title: texts.end, text: describe(session), destroys: true },
      ...{ method: 'SessionService/EndSession', request: { session_id: session.session_id } },
    });
  return (
    <>
      <Table
        caption={caption}
        rows={sessions}
        keyOf={({ session_id: id }) => id}
        empty={texts.none}
        columns={[
          { name: shared.user, cell: ({ user_id: id }) => <UserLink id={id} /> },
          { name: texts.device, cell: describe },
          { name: shared.client, cell: ({ client_id: id }) => id },
          { name: shared.address, cell: ({ ip }) => ip || '–' },
          { name: texts.strength, cell: ({ acr }) => acr },
          {
            ...{ name: shared.created, ...created },
            cell: ({ create_time_ms: ms }) => <Time ms={ms} />,
          },
          { name: texts.lastUsed, cell: ({ last_used_time_ms: ms }) => <Time ms={ms} /> },
          {
            name: shared.actions,
            cell: (session) => (
              <button
                type="button"
                aria-label={`${texts.end}: ${describe(session)}`}
                onClick={() => end(session)}
              >
                {texts.end}
              </button>
            ),
          },
        ]}
      />
      {dialog}
    </>
  );
}

function describe({ device_name: device, browser, os, session_id: id }: Session): string {
  return [device, browser, os].filter((each) => each !== '').join(', ') || id;
}
