/** Signing keys: their states, a rotation as a drill, and the emergency. */
import { useLoaded } from '../app/useLoaded.ts';
import { Show } from '../parts/loading.tsx';
import { Table } from '../parts/table.tsx';
import { useAdmin } from './adminApi.ts';
import { Mark, Time } from './cells.tsx';
import { useChange } from './change.tsx';
import type { Key } from './messages.ts';
import { useTexts } from './useTexts.ts';

interface Keys {
  readonly keys: readonly Key[];
  readonly next_rotation_time_ms: string;
}

export function KeysView() {
  const api = useAdmin();
  const { keys: texts, ...shared } = useTexts();
  const loaded = useLoaded(() => api.read<Keys>('KeyService/ListKeys'));
  const { make, dialog } = useChange(loaded.reload);
  const rotate = () =>
    make({ title: texts.rotate, text: texts.rotateText, method: 'KeyService/RotateKey', request: {} });
  const reseal = () => make({ title: texts.reseal, method: 'KeyService/ResealKeys', request: {} });
  const revoke = (kid: string) =>
    make({
      ...{ title: texts.revoke, text: texts.revokeText, destroys: true, typed: kid.slice(0, 8) },
      ...{ method: 'KeyService/RevokeKey', request: { kid } },
    });
  return (
    <>
      <p>{texts.explanation}</p>
      <div class="buttons">
        <button type="button" onClick={rotate}>
          {texts.rotate}
        </button>
        <button type="button" onClick={reseal}>
          {texts.reseal}
        </button>
      </div>
      <Show loaded={loaded}>
        {({ keys, next_rotation_time_ms: next }) => (
          <>
            <p>
              {texts.next} <Time ms={next} />
            </p>
            <Table
              caption={texts.title}
              rows={keys}
              keyOf={({ kid }) => kid}
              empty={texts.none}
              columns={[
                { name: texts.name, cell: ({ kid }) => kid },
                { name: shared.state, cell: ({ state }) => <Mark text={wordOf(state)} /> },
                { name: shared.created, cell: ({ create_time_ms: ms }) => <Time ms={ms} /> },
                { name: texts.signsSince, cell: ({ activate_time_ms: ms }) => <Time ms={ms} /> },
                { name: texts.until, cell: ({ retiring_time_ms: ms }) => <Time ms={ms} /> },
                {
                  name: shared.actions,
                  cell: ({ kid, state }) =>
                    /NEXT|ACTIVE|RETIRING/.test(state) && (
                      <button
                        type="button"
                        class="destroys"
                        aria-label={`${texts.revoke} ${kid.slice(0, 8)}`}
                        onClick={() => revoke(kid)}
                      >
                        {texts.revoke}
                      </button>
                    ),
                },
              ]}
            />
          </>
        )}
      </Show>
      {dialog}
    </>
  );
}

/** `KEY_STATE_ACTIVE` → `active`, as in docs/keys.md. */
function wordOf(state: string): string {
  return state.replace('KEY_STATE_', '').toLowerCase();
}
