/** Passkeys: add, rename, remove. */
import { startRegistration } from '@simplewebauthn/browser';
import { useState } from 'preact/hooks';
import { Refusal } from '../api/refusal.ts';
import { type App, useApp } from '../app/app.ts';
import { useLoaded } from '../app/useLoaded.ts';
import { Dialog } from '../parts/dialog.tsx';
import { Field } from '../parts/field.tsx';
import { Show } from '../parts/loading.tsx';
import type { Factor, Factors } from './answers.ts';
import { FactorList } from './factorList.tsx';
import { ShownCodes } from './recoveryCodes.tsx';
import { useTexts } from './useTexts.ts';

export function PasskeysView() {
  const app = useApp();
  const texts = useTexts();
  const { passkeys } = texts;
  const loaded = useLoaded(() => app.api.get<Factors>('/auth/factors'));
  const [name, setName] = useState('');
  const [codes, setCodes] = useState<readonly string[]>([]);
  const [renamed, setRenamed] = useState<Factor>();
  const add = (event: Event) => {
    event.preventDefault();
    return app.act(async () => {
      setCodes(await addPasskey(app, name));
      setName('');
      loaded.reload();
      return passkeys.added;
    });
  };
  return (
    <>
      <p>{passkeys.explanation}</p>
      <ShownCodes codes={codes} />
      <Show loaded={loaded}>
        {(factors) => (
          <FactorList
            factors={factors}
            shows={(kind) => kind === 'passkey'}
            empty={passkeys.none}
            about={({ passkey }) => (passkey?.backed_up ? passkeys.synced : passkeys.oneDevice)}
            actions={(factor) => (
              <button type="button" onClick={() => setRenamed(factor)}>
                {passkeys.rename}
              </button>
            )}
            onChange={loaded.reload}
          />
        )}
      </Show>
      <form class="line" onSubmit={add}>
        <Field label={passkeys.name} value={name} onValue={setName} required maxLength={100} />
        <button type="submit" class="main">
          {passkeys.add}
        </button>
      </form>
      {renamed !== undefined && (
        <Rename
          factor={renamed}
          onDone={() => {
            setRenamed(undefined);
            loaded.reload();
          }}
        />
      )}
    </>
  );
}

/** Returns the recovery codes that came with a first factor. */
async function addPasskey({ api }: App, name: string): Promise<readonly string[]> {
  type Options = Parameters<typeof startRegistration>[0]['optionsJSON'];
  const { body: optionsJSON } = await api.call<Options>('POST', '/auth/factors/passkeys/options', {});
  const credential = await startRegistration({ optionsJSON }).catch(() => {
    throw new Refusal('passkey');
  });
  const { body } = await api.call<{ recovery_codes: readonly string[] }>('POST', '/auth/factors/passkeys', {
    ...{ name, credential },
  });
  return body.recovery_codes;
}

function Rename({ factor, onDone }: { readonly factor: Factor; readonly onDone: () => void }) {
  const { api, act, texts: parts } = useApp();
  const { passkeys } = useTexts();
  const [name, setName] = useState(factor.name);
  const rename = (event: Event) => {
    event.preventDefault();
    return act(async () => {
      await api.call('PATCH', `/auth/factors/passkeys/${factor.id}`, { name });
      return passkeys.renamed;
    }).then(onDone);
  };
  return (
    <Dialog title={passkeys.rename} onClose={onDone}>
      <form onSubmit={rename}>
        <Field label={passkeys.name} value={name} onValue={setName} required maxLength={100} />
        <div class="buttons">
          <button type="submit" class="main">
            {passkeys.rename}
          </button>
          <button type="button" onClick={onDone}>
            {parts.cancel}
          </button>
        </div>
      </form>
    </Dialog>
  );
}
