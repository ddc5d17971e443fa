/** Limits: which networks were refused, and letting a user try again. */
import { useState } from 'preact/hooks';
import { useApp } from '../app/app.ts';
import { useLoaded } from '../app/useLoaded.ts';
import { Field } from '../parts/field.tsx';
import { Show } from '../parts/loading.tsx';
import { Table } from '../parts/table.tsx';
import { useAdmin } from './adminApi.ts';
import { Time } from './cells.tsx';
import { useChange } from './change.tsx';
import type { NetworkRefusal } from './messages.ts';
import { useTexts } from './useTexts.ts';

export function LimitsView() {
  const api = useAdmin();
  const { formats } = useApp();
  const { limits: texts } = useTexts();
  const loaded = useLoaded(() =>
    api.read<{ refusals: readonly NetworkRefusal[] }>('StatusService/ListRefusals'),
  );
  return (
    <>
      <p>{texts.explanation}</p>
      <Show loaded={loaded}>
        {({ refusals }) => (
          <Table
            caption={texts.title}
            rows={refusals}
            keyOf={({ network, operation, scope }) => `${network} ${operation} ${scope}`}
            empty={texts.none}
            columns={[
              { name: texts.network, cell: ({ network }) => network },
              { name: texts.operation, cell: ({ operation }) => operation },
              { name: texts.scope, cell: ({ scope }) => scope },
              { name: texts.times, isNumber: true, cell: ({ times }) => formats.number(Number(times)) },
              { name: texts.last, cell: ({ time_ms: ms }) => <Time ms={ms} /> },
            ]}
          />
        )}
      </Show>
      <Unlock />
    </>
  );
}

function Unlock() {
  const { limits: texts, user } = useTexts();
  const { make, dialog } = useChange();
  const [id, setId] = useState('');
  return (
    <form
      class="line"
      onSubmit={(event) => {
        event.preventDefault();
        make({
          ...{ title: texts.unlock, text: texts.unlockText },
          ...{ method: 'UserService/UnlockUser', request: { user_id: id.trim() } },
        });
      }}
    >
      <Field label={user} hint="UUID" value={id} onValue={setId} autocomplete="off" required />
      <button type="submit">{texts.unlock}</button>
      {dialog}
    </form>
  );
}
