/** Roles and what they are worth; who has one; resources. */
import { useState } from 'preact/hooks';
import { useApp } from '../app/app.ts';
import { useLoaded } from '../app/useLoaded.ts';
import { Field } from '../parts/field.tsx';
import { Show } from '../parts/loading.tsx';
import { Pages, Table } from '../parts/table.tsx';
import { useAdmin } from './adminApi.ts';
import { Time, UserLink } from './cells.tsx';
import { useChange } from './change.tsx';
import type { Grant, Page, Role } from './messages.ts';
import { useTexts } from './useTexts.ts';
import { wordsIn } from './wordsIn.ts';

interface Resource {
  readonly audience: string;
  readonly scopes: readonly string[];
}

export function RolesView() {
  const api = useAdmin();
  const { router } = useApp();
  const { roles: texts, actions } = useTexts();
  const shown = router.place.value.query.get('role');
  const loaded = useLoaded(async () => {
    const { roles } = await api.read<{ roles: readonly Role[] }>('RoleService/ListRoles');
    const { resources } = await api.read<{ resources: readonly Resource[] }>('RoleService/ListResources');
    return { roles, resources };
  });
  const { make, dialog } = useChange(loaded.reload);
  const remove = (name: string) =>
    make({
      ...{ title: texts.remove, text: name, destroys: true, typed: name },
      ...{ method: 'RoleService/RemoveRole', request: { name } },
    });
  if (shown !== null) return <Holders role={shown} />;
  return (
    <>
      <Show loaded={loaded}>
        {({ roles, resources }) => (
          <>
            <Table
              caption={texts.title}
              rows={roles}
              keyOf={({ name }) => name}
              empty={texts.none}
              columns={[
                { name: texts.role, cell: ({ name }) => name },
                {
                  name: texts.scopes,
                  cell: ({ audiences }) =>
                    audiences.map(({ audience, scopes }) => (
                      <p key={audience}>
                        {audience}: {scopes.join(' ') || '–'}
                      </p>
                    )),
                },
                {
                  name: texts.holders,
                  cell: ({ name }) => <a href={router.addressOf('roles', { role: name })}>{texts.holders}</a>,
                },
                {
                  name: actions,
                  cell: ({ name }) => (
                    <button
                      type="button"
                      class="destroys"
                      aria-label={`${texts.remove} ${name}`}
                      onClick={() => remove(name)}
                    >
                      {texts.remove}
                    </button>
                  ),
                },
              ]}
            />
            <Table
              caption={texts.resources}
              rows={resources}
              keyOf={({ audience }) => audience}
              empty="–"
              columns={[
                { name: texts.audience, cell: ({ audience }) => audience },
                { name: texts.scopes, cell: ({ scopes }) => scopes.join(' ') || '–' },
              ]}
            />
          </>
        )}
      </Show>
      <SetRole reload={loaded.reload} />
      {dialog}
    </>
  );
}

function SetRole({ reload }: { readonly reload: () => void }) {
  const { roles: texts } = useTexts();
  const { make, dialog } = useChange(reload);
  const [name, setName] = useState('');
  const [audience, setAudience] = useState('');
  const [scopes, setScopes] = useState('');
  return (
    <form
      class="line"
      onSubmit={(event) => {
        event.preventDefault();
        make({
          ...{ title: texts.set, text: texts.setText, method: 'RoleService/SetRole' },
          request: { name: name.trim(), audience: audience.trim(), scopes: wordsIn(scopes) },
        });
      }}
    >
      <Field label={texts.role} value={name} onValue={setName} autocomplete="off" required />
      <Field label={texts.audience} value={audience} onValue={setAudience} autocomplete="off" required />
      <Field
        label={texts.scopes}
        hint={texts.scopesHint}
        value={scopes}
        onValue={setScopes}
        autocomplete="off"
      />
      <button type="submit">{texts.set}</button>
      {dialog}
    </form>
  );
}

function Holders({ role }: { readonly role: string }) {
  const api = useAdmin();
  const { router } = useApp();
  const { roles: texts, users } = useTexts();
  const request = { role, page_token: router.place.value.query.get('after') ?? '' };
  const loaded = useLoaded(
    () => api.read<Page & { grants: readonly Grant[] }>('RoleService/ListGrants', request),
    JSON.stringify(request),
  );
  return (
    <Show loaded={loaded}>
      {({ grants, next_page_token: next }) => (
        <>
          <Table
            caption={`${texts.holders}: ${role}`}
            rows={grants}
            keyOf={({ subject }) => subject}
            empty={texts.noHolders}
            columns={[
              { name: 'ID', cell: ({ subject }) => <UserLink id={subject} /> },
              { name: texts.since, cell: ({ grant_time_ms: ms }) => <Time ms={ms} /> },
              { name: users.by, cell: ({ granted_by: by }) => by },
              { name: users.until, cell: ({ expire_time_ms: ms }) => <Time ms={ms} /> },
            ]}
          />
          <Pages next={next || undefined} />
        </>
      )}
    </Show>
  );
}
