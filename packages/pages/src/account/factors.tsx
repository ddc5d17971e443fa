/** Second factors: the authenticator app, the phone, recovery codes. Passkeys have a view of their own. */
import { useState } from 'preact/hooks';
import { useApp } from '../app/app.ts';
import { useLoaded } from '../app/useLoaded.ts';
import { Field } from '../parts/field.tsx';
import { Show } from '../parts/loading.tsx';
import type { Factors } from './answers.ts';
import { FactorList } from './factorList.tsx';
import { PhoneForm } from './phone.tsx';
import { ShownCodes } from './recoveryCodes.tsx';
import { useTexts } from './useTexts.ts';

const shownElsewhere = ['passkey', 'provider'];

export function FactorsView() {
  const { api, ask, act, formats } = useApp();
  const { factors: texts } = useTexts();
  const loaded = useLoaded(() => api.get<Factors>('/auth/factors'));
  const [codes, setCodes] = useState<readonly string[]>([]);
  const renew = async () => {
    const { renewCodes: button, renewQuestion: text } = texts;
    if (!(await ask({ title: button, text, button, destroys: true }))) return;
    await act(async () => {
      const path = '/auth/factors/recovery-codes';
      setCodes((await api.call<{ recovery_codes: readonly string[] }>('POST', path, {})).body.recovery_codes);
      loaded.reload();
      return undefined;
    });
  };
  return (
    <>
      <p>{texts.explanation}</p>
      <ShownCodes codes={codes} />
      <Show loaded={loaded}>
        {(factors) => (
          <>
            <FactorList
              factors={factors}
              shows={(kind) => !shownElsewhere.includes(kind)}
              empty={texts.none}
              about={({ kind }) => texts.kinds[kind] ?? kind}
              onChange={loaded.reload}
            />
            {(factors.recovery_codes.left > 0 || factors.step_up.length > 0) && (
              <section class="card">
                <h2>{texts.codes}</h2>
                <p>{texts.codesLeft(formats.number(factors.recovery_codes.left))}</p>
                <button type="button" onClick={renew}>
                  {texts.renewCodes}
                </button>
              </section>
            )}
          </>
        )}
      </Show>
      <AddApp
        onAdded={(shown) => {
          setCodes(shown);
          loaded.reload();
        }}
      />
      <PhoneForm onAdded={loaded.reload} />
    </>
  );
}

interface Enrolment {
  readonly secret: string;
  readonly qr_svg: string;
}

function AddApp({ onAdded }: { readonly onAdded: (codes: readonly string[]) => void }) {
  const { api, act } = useApp();
  const { factors: texts } = useTexts();
  const [enrolment, setEnrolment] = useState<Enrolment>();
  const [code, setCode] = useState('');
  const begin = () =>
    act(async () => {
      setEnrolment((await api.call<Enrolment>('POST', '/auth/factors/totp', {})).body);
      return undefined;
    });
  const confirm = (event: Event) => {
    event.preventDefault();
    return act(async () => {
      const body = { code: code.trim() };
      const { body: confirmed } = await api.call<{ recovery_codes: readonly string[] }>(
        'POST',
        '/auth/factors/totp/confirm',
        body,
      );
      setEnrolment(undefined);
      setCode('');
      onAdded(confirmed.recovery_codes);
      return texts.appAdded;
    });
  };
  return (
    <section class="card">
      <h2>{texts.kinds['totp']}</h2>
      {enrolment === undefined ? (
        <button type="button" onClick={begin}>
          {texts.addApp}
        </button>
      ) : (
        <form onSubmit={confirm}>
          <p>{texts.scan}</p>
          <img
            class="secret"
            alt={texts.qrCode}
            src={`data:image/svg+xml,${encodeURIComponent(enrolment.qr_svg)}`}
          />
          <p>
            {texts.key}: <code>{enrolment.secret}</code>
          </p>
          <Field
            label={texts.code}
            value={code}
            onValue={setCode}
            autocomplete="one-time-code"
            inputMode="numeric"
            required
          />
          <button type="submit" class="main">
            {texts.confirm}
          </button>
        </form>
      )}
    </section>
  );
}
