/** Messages that wait to be sent. */
import { useApp } from '../app/app.ts';
import { useLoaded } from '../app/useLoaded.ts';
import { Show } from '../parts/loading.tsx';
import { Pages, Table } from '../parts/table.tsx';
import { useAdmin } from './adminApi.ts';
import { never, Time, UserLink } from './cells.tsx';
import { useChange } from './change.tsx';
import type { OutboxMessage, Page } from './messages.ts';
import { useTexts } from './useTexts.ts';

export function OutboxView() {
  const api = useAdmin();
  const { router } = useApp();
  const { outbox: texts, ...shared } = useTexts();
  const { path, query } = router.place.value;
  const givenUp = query.get('show') === 'given-up';
  const request = { page_token: query.get('after') ?? '', given_up: givenUp };
  const loaded = useLoaded(
    () => api.read<Page & { messages: readonly OutboxMessage[] }>('OutboxService/ListMessages', request),
    JSON.stringify(request),
  );
  const { make, dialog } = useChange(loaded.reload);
  const retry = (id: string) =>
    make({ title: texts.retry, method: 'OutboxService/RetryMessage', request: { message_id: id } });
  return (
    <>
      <p>{givenUp ? texts.givenUpExplanation : texts.explanation}</p>
      <p>
        <a href={router.addressOf(path, givenUp ? {} : { show: 'given-up' })}>
          {givenUp ? texts.waiting : texts.givenUp}
        </a>
      </p>
      <Show loaded={loaded}>
        {({ messages, next_page_token: next }) => (
          <>
            <Table
              caption={givenUp ? texts.givenUp : texts.title}
              rows={messages}
              keyOf={({ message_id: id }) => id}
              empty={givenUp ? texts.noneGivenUp : texts.none}
              columns={[
                { name: shared.created, cell: ({ create_time_ms: ms }) => <Time ms={ms} /> },
                { name: texts.channel, cell: ({ channel }) => channel },
                { name: texts.template, cell: ({ template }) => template },
                { name: shared.user, cell: ({ user_id: id }) => <UserLink id={id} /> },
                { name: texts.attempts, isNumber: true, cell: ({ attempts }) => attempts },
                { name: texts.fault, cell: ({ last_fault: fault }) => fault || '–' },
                givenUp
                  ? { name: texts.givenUpAt, cell: ({ give_up_time_ms: ms }) => <Time ms={ms} /> }
                  : { name: texts.due, cell: (message) => <Due message={message} /> },
                {
                  name: shared.actions,
                  cell: ({ message_id: id, template, give_up_time_ms: ms }) =>
                    ms === never && (
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

function Due({
  message: { claimed_until_time_ms: until, due_time_ms: due },
}: {
  readonly message: OutboxMessage;
}) {
  const { outbox: texts } = useTexts();
  return Number(until) > Date.now() ? <span>{texts.beingSent}</span> : <Time ms={due} />;
}
