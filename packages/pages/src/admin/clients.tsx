/** Services and applications: their permissions and secrets; disabling, revoking, and new ones. */
import { useState } from 'preact/hooks';
import { useApp } from '../app/app.ts';
import { useLoaded } from '../app/useLoaded.ts';
import { Show } from '../parts/loading.tsx';
import { Pages, Table } from '../parts/table.tsx';
import { useAdmin } from './adminApi.ts';
import { Mark, never, Time } from './cells.tsx';
import { type Change, useChange } from './change.tsx';
import { CreateClient, type MakeSecret, type NewSecret } from './createClient.tsx';
import { Filters, useFilter } from './filters.tsx';
import type { Client, Page } from './messages.ts';
import { useOrder } from './order.ts';
import { useTexts } from './useTexts.ts';

export function ClientsView() {
  const api = useAdmin();
  const { clients: texts, ...shared } = useTexts();
  const [secret, setSecret] = useState('');
  const { router } = useApp();
  const { order, sortBy } = useOrder(['name', 'create_time'], 'name');
  const { client = '' } = useFilter(['client']);
  const request = { client, order_by: order, page_token: router.place.value.query.get('after') ?? '' };
  const loaded = useLoaded(
    () => api.read<Page & { clients: readonly Client[] }>('ClientService/ListClients', request),
    JSON.stringify(request),
  );
  const { make, dialog } = useChange(loaded.reload);
  /** Its answer has the secret, which is shown here and nowhere else. */
  const makeSecret: MakeSecret = (change) =>
    make<NewSecret>({
      ...change,
      done(body) {
        setSecret(body.secret);
        return body.client_id === undefined ? shared.done : texts.created(body.client_id);
      },
    });
  return (
    <>
      {secret !== '' && (
        <div class="notice" role="alert">
          <p>{shared.secretOnce}</p>
          <p>
            <code>{secret}</code>
          </p>
        </div>
      )}
      <CreateClient makeSecret={makeSecret} />
      <Filters fields={[{ name: 'client', label: shared.client, hint: texts.clientHint }]} />
      <Show loaded={loaded}>
        {({ clients, next_page_token: next }) => (
          <>
            <Table
              caption={texts.title}
              rows={clients}
              keyOf={({ client_id: id }) => id}
              empty={texts.none}
              columns={[
                {
                  ...{ name: texts.name, ...sortBy('name') },
                  // A revoked one has nothing that could be changed.
                  cell: ({ client_id: id, name, revoke_time_ms: revoked }) =>
                    revoked === never ? <a href={router.addressOf(`clients/${id}`)}>{name}</a> : name,
                },
                { name: 'client_id', cell: ({ client_id: id }) => id },
                { name: texts.kind, cell: ({ kind }) => kind },
                { name: shared.state, cell: (client) => <Mark text={stateOf(client, texts)} /> },
                {
                  ...{ name: shared.created, ...sortBy('create_time') },
                  cell: ({ create_time_ms: ms }) => <Time ms={ms} />,
                },
                { name: texts.permissions, cell: ({ permissions }) => permissions.join(' ') || '–' },
                {
                  name: texts.lastUsed,
                  cell: ({ secrets }) => <Time ms={secrets[0]?.last_used_time_ms ?? never} />,
                },
                {
                  name: shared.actions,
                  cell: (client) => <ClientActs {...{ client, make, makeSecret }} />,
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

function stateOf(
  { revoke_time_ms: revoked, disable_time_ms: disabled }: Client,
  texts: { readonly live: string; readonly disabled: string; readonly revoked: string },
): string {
  if (revoked !== never) return texts.revoked;
  return disabled === never ? texts.live : texts.disabled;
}

function ClientActs({
  client: { client_id: client, name, revoke_time_ms: revoked, disable_time_ms: disabled, secrets },
  make,
  makeSecret,
}: {
  readonly client: Client;
  readonly make: (change: Change<unknown>) => Promise<boolean>;
  readonly makeSecret: MakeSecret;
}) {
  const { clients: texts } = useTexts();
  if (revoked !== never) return null;
  const request = { client };
  const acts: readonly Change<unknown>[] = [
    disabled === never
      ? {
          ...{ title: texts.disable, text: name, destroys: true },
          method: 'ClientService/DisableClient',
          request,
        }
      : { title: texts.enable, text: name, method: 'ClientService/EnableClient', request },
    {
      ...{ title: texts.revoke, text: texts.revokeText, destroys: true, typed: name },
      ...{ method: 'ClientService/RevokeClient', request },
    },
  ];
  return (
    <div class="buttons">
      {acts.map((change) => (
        <button
          key={change.title}
          type="button"
          class={change.destroys === true ? 'destroys' : undefined}
          aria-label={`${change.title} ${name}`}
          onClick={() => make(change)}
        >
          {change.title}
        </button>
      ))}
      {secrets.length > 0 && (
        <button
          type="button"
          aria-label={`${texts.rotate} ${name}`}
          onClick={() =>
            makeSecret({
              ...{ title: texts.rotate, text: name },
              ...{ method: 'ClientService/RotateClientSecret', request: { name } },
            })
          }
        >
          {texts.rotate}
        </button>
      )}
    </div>
  );
}
