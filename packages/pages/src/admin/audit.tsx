/** The audit log: filters, the chain, export. */
import { useState } from 'preact/hooks';
import { useApp } from '../app/app.ts';
import { useLoaded } from '../app/useLoaded.ts';
import { Show } from '../parts/loading.tsx';
import { Pages, Table } from '../parts/table.tsx';
import { useAdmin } from './adminApi.ts';
import { saveJson, Time, UserLink } from './cells.tsx';
import { everyEvent } from './everyEvent.ts';
import { Filters, millisecondsOf, useFilter } from './filters.tsx';
import type { AuditEvent, Chain, Page } from './messages.ts';
import { useOrder } from './order.ts';
import { useTexts } from './useTexts.ts';

const names = ['type', 'user_id', 'session_id', 'request_id', 'since', 'until'];

export function AuditView() {
  const api = useAdmin();
  const { router, act } = useApp();
  const { audit: texts, ...shared } = useTexts();
  const { since, until, ...given } = useFilter(names);
  const filter = { ...given, since_ms: millisecondsOf(since), until_ms: millisecondsOf(until) };
  const { order, sortBy } = useOrder(['time'], 'time desc');
  const request = { ...filter, order_by: order, page_token: router.place.value.query.get('after') ?? '' };
  const loaded = useLoaded(
    () => api.read<Page & { events: readonly AuditEvent[] }>('AuditService/ListEvents', request),
    JSON.stringify(request),
  );
  /** With the head of the chain: whoever has the file can check later that nothing was changed. */
  const download = () =>
    act(async () => {
      const chain = await api.read<Chain>('AuditService/VerifyChain');
      const events = await everyEvent(api, filter);
      saveJson('countersign-audit.json', { filter, chain, events });
      return texts.exported(events.length);
    });
  return (
    <>
      <Filters
        fields={[
          { name: 'type', label: texts.type },
          { name: 'user_id', label: shared.user, hint: 'UUID' },
          { name: 'session_id', label: texts.session, hint: 'UUID' },
          { name: 'request_id', label: texts.request },
          { name: 'since', label: texts.since, type: 'datetime-local' },
          { name: 'until', label: texts.until, type: 'datetime-local' },
        ]}
      />
      <VerifyChain />
      <Show loaded={loaded}>
        {({ events, next_page_token: next }) => (
          <>
            <Table
              caption={texts.title}
              rows={events}
              keyOf={({ event }) => event.event_id}
              empty={texts.none}
              columns={[
                {
                  ...{ name: shared.when, ...sortBy('time') },
                  cell: ({ event }) => <Time ms={event.time_ms} />,
                },
                { name: texts.what, cell: ({ event }) => event.type },
                { name: texts.actor, cell: ({ event }) => event.actor },
                {
                  name: shared.user,
                  cell: ({ user_id: id, email }) => <UserLink id={id} name={email} />,
                },
                { name: shared.reason, cell: ({ event }) => event.reason },
                { name: texts.detail, cell: ({ event }) => event.detail },
                { name: shared.address, cell: ({ event }) => event.ip },
              ]}
            />
            <Pages next={next || undefined} />
          </>
        )}
      </Show>
      <button type="button" onClick={download}>
        {shared.download}
      </button>
    </>
  );
}

function VerifyChain() {
  const api = useAdmin();
  const { act, formats } = useApp();
  const { audit: texts } = useTexts();
  const [chain, setChain] = useState<Chain>();
  const verify = () =>
    act(async () => {
      setChain(await api.read<Chain>('AuditService/VerifyChain'));
      return undefined;
    });
  return (
    <section class="card">
      <button type="button" onClick={verify}>
        {texts.verify}
      </button>
      {chain !== undefined && (
        <p role="status">
          {chain.intact
            ? texts.intact(formats.number(Number(chain.seals)), formats.number(Number(chain.events)))
            : texts.broken(chain.faulty_seal, chain.fault)}
        </p>
      )}
      {chain !== undefined && chain.head_hash !== '' && (
        <p>
          {texts.head}: {chain.head_seal} <code>{chain.head_hash}</code>
        </p>
      )}
    </section>
  );
}
