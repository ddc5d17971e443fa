/** Messages that wait to be sent. */
import { useApp } from '../app/app.ts';
import { useLoaded } from '../app/useLoaded.ts';
import { Show } from '../parts/loading.tsx';
import { Pages, Table } from '../parts/table.tsx';
import { useAdmin } from './adminApi.ts';
import { Time, UserLink } from './cells.tsx';
import { useChange } from './change.tsx';
import type { OutboxMessage, Page } from './messages.ts';
import { useTexts } from './useTexts.ts';

export function OutboxView() {
  const api = useAdmin();
  const { router } = useApp();
  const { outbox: texts, ...shared } = useTexts();
  const request = { page_token: router.place.value.query.get('after') ?? '' };
  const loaded = useLoaded(
    () => api.read<Page & { messages: readonly OutboxMessage[] }>('OutboxService/ListMessages', request),
    JSON.stringify(request),
  );
  const { make, dialog } = useChange(loaded.reload);
  const retry = (id: string) =>
    make({ title: texts.retry, method: 'OutboxService/RetryMessage', request: { message_id: id } });
  return (
    <>
      <p>{texts.explanation}</p>
      <Show loaded={loaded}>
        {({ messages, next_page_token: next }) => (
          <>
            <Table
              caption={texts.title}
              rows={messages}
              keyOf={({ message_id: id }) => id}
              empty={texts.none}
              columns={[
                { name: shared.created, cell: ({ create_time_ms: ms }) => <Time ms={ms} /> },
                { name: texts.channel, cell: ({ channel }) => channel },
                { name: texts.template, cell: ({ template }) => template },
                { name: shared.user, cell: ({ user_id: id }) => <UserLink id={id} /> },
                { name: texts.attempts, isNumber: true, cell: ({ attempts }) => attempts },
                { name: texts.fault, cell: ({ last_fault: fault }) => fault || '–' },
                { name: texts.due, cell: ({ due_time_ms: ms }) => <Time ms={ms} /> },
                {
                  name: shared.actions,
                  cell: ({ message_id: id, template }) => (
                    <button
                      type="button"
                      aria-label={`${texts.retry}: ${template}`}
                      onClick={() => retry(id)}
                    >
                      {texts.retry}
                    </button>
                  ),
                },
              ]}
            />
            <Pages next={next || undefined} />
          </>
        )}
      </Show>
      {dialog}
    </>
  );
}
