/**
 * One client, and a form that changes it. Shows first how many sessions lose something. What somebody else saved meanwhile is shown
 * beside what was typed here: neither is lost.
 */
import { useState } from 'preact/hooks';
import { Refusal } from '../api/refusal.ts';
import { useApp } from '../app/app.ts';
import { useLoaded } from '../app/useLoaded.ts';
import { Field } from '../parts/field.tsx';
import { Show } from '../parts/loading.tsx';
import { useAdmin } from './adminApi.ts';
import { useChange } from './change.tsx';
import { type ClientField, changesOf, type Edits, fieldsOf, textOf } from './clientForm.ts';
import type { Client } from './messages.ts';
import { useTexts } from './useTexts.ts';

export function ClientView({
  parameters: { id = '' },
}: {
  readonly parameters: Readonly<Record<string, string>>;
}) {
  const api = useAdmin();
  const loaded = useLoaded(async () => {
    const request = { client: id };
    const { clients } = await api.read<{ clients: readonly Client[] }>('ClientService/ListClients', request);
    const [client] = clients;
    if (client === undefined || client.revoke_time_ms !== '0') throw new Refusal('not_found');
    return client;
  }, id);
  // Kept here, since the form goes when a reload is refused.
  const [edits, setEdits] = useState<Edits>({});
  return (
    <Show loaded={loaded}>
      {(client) => <ClientForm reload={loaded.reload} {...{ client, edits, setEdits }} />}
    </Show>
  );
}

interface Preview {
  readonly sessions: string;
  readonly more: boolean;
}

interface FormProps {
  readonly client: Client;
  readonly reload: () => void;
  readonly edits: Edits;
  readonly setEdits: (edits: Edits) => void;
}

function ClientForm({ client, reload, edits, setEdits }: FormProps) {
  const api = useAdmin();
  const { act, formats } = useApp();
  const { clients: texts } = useTexts();
  const { make, dialog } = useChange(reload);
  const [problems, setProblems] = useState<Problems>({});
  const request = changesOf(client, edits);
  const preview = async (): Promise<Preview | undefined> => {
    let found: Preview | undefined;
    setProblems({});
    await act(async () => {
      try {
        found = await api.read<Preview>('ClientService/UpdateClient', { ...request, dry_run: true });
      } catch (error) {
        if (error instanceof Refusal) setProblems(problemsIn(error));
        if (error instanceof Refusal && error.code === 'changed_meanwhile') reload();
        throw error;
      }
      return undefined;
    });
    return found;
  };
  const save = async () => {
    const found = await preview();
    if (found === undefined || request === undefined) return;
    const isTaken = found.sessions !== '0';
    const count = `${found.more ? '> ' : ''}${formats.number(Number(found.sessions))}`;
    const isDone = await make({
      ...{ title: texts.save, text: isTaken ? texts.takes(count) : texts.takesNothing, destroys: isTaken },
      ...{ method: 'ClientService/UpdateClient', request },
    });
    if (isDone) setEdits({});
  };
  return (
    <>
      <h2>
        <bdi>{client.name}</bdi>
      </h2>
      <dl class="facts">
        <dt>client_id</dt>
        <dd>{client.client_id}</dd>
        <dt>{texts.kind}</dt>
        <dd>{client.kind}</dd>
      </dl>
      <form
        onSubmit={(event) => {
          event.preventDefault();
          save();
        }}
      >
        {fieldsOf(client).map((field) => (
          <Setting
            key={field}
            {...{ client, field, edits }}
            // The authority names one of them.
            problem={problems[field] ?? problems[field.replace(/s$/, '')]}
            onValue={(value) => setEdits({ ...edits, [field]: value })}
          />
        ))}
        <button type="submit" class="main" disabled={request === undefined}>
          {texts.save}
        </button>
      </form>
      {dialog}
    </>
  );
}

interface SettingProps {
  readonly client: Client;
  readonly field: ClientField;
  readonly edits: Edits;
  readonly problem: string | undefined;
  readonly onValue: (value: string) => void;
}

function Setting({ client, field, edits, problem, onValue }: SettingProps) {
  const { clients: texts } = useTexts();
  const saved = textOf(client, field);
  const value = edits[field] ?? saved;
  if (field === 'certificate_bound')
    return (
      <label>
        <input
          type="checkbox"
          checked={value === 'true'}
          onChange={(event) => onValue(String(event.currentTarget.checked))}
        />{' '}
        {texts.settings[field]}
      </label>
    );
  return (
    <Field
      label={texts.settings[field]}
      hint={value === saved ? undefined : texts.savedNow(saved || '–')}
      {...{ value, onValue, problem }}
      autocomplete="off"
    />
  );
}

type Problems = Readonly<Record<string, string>>;

function problemsIn({ fields }: Refusal): Problems {
  return Object.fromEntries(fields.map(({ field, message }) => [field, message]));
}
