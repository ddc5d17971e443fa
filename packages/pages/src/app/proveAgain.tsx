/** The dialog of a step-up: the user proves again who they are, in one of the ways that they have. */
import { startAuthentication } from '@simplewebauthn/browser';
import { useState } from 'preact/hooks';
import type { Api } from '../api/api.ts';
import { Refusal } from '../api/refusal.ts';
import type { Session } from '../api/session.ts';
import { Dialog } from '../parts/dialog.tsx';
import { Field } from '../parts/field.tsx';
import { Show } from '../parts/loading.tsx';
import { sentenceOf } from '../texts/problems.ts';
import { useApp } from './app.ts';
import { signInAddress } from './signInAddress.ts';
import { useLoaded } from './useLoaded.ts';

interface Ways {
  /** The kinds that a step-up takes; the password, if there are none. */
  readonly step_up: readonly string[];
}

/** The members of `POST /auth/step-up` that are typed. */
const typed = ['totp', 'code', 'recovery_code', 'password'] as const;
type Typed = (typeof typed)[number];

export function ProveAgain({ onAnswer }: { readonly onAnswer: (isProved: boolean) => void }) {
  const { texts, api, session } = useApp();
  const loaded = useLoaded(() => api.get<Ways>('/auth/factors'));
  const [problem, setProblem] = useState<string>();
  const [sent, setSent] = useState(false);
  const attempt = async (work: () => Promise<void>) => {
    setProblem(undefined);
    try {
      await work();
    } catch (error) {
      setProblem(sentenceOf(texts, error instanceof Refusal ? error : new Refusal('passkey')));
    }
  };
  const prove = (proof: object) =>
    attempt(async () => {
      await stepUp({ api, session }, proof);
      onAnswer(true);
    });
  const withPasskey = () => attempt(async () => prove({ credential: await askForPasskey(api) }));
  const send = (factor: string) =>
    attempt(async () => {
      await api.call('POST', '/auth/step-up/start', { factor });
      setSent(true);
    });
  const kinds = loaded.value?.step_up ?? [];
  return (
    <Dialog title={texts.proof.title} onClose={() => onAnswer(false)}>
      <p>{texts.proof.text}</p>
      {kinds.includes('passkey') && (
        <button type="button" class="main" onClick={withPasskey}>
          {texts.proof.passkey}
        </button>
      )}
      {kinds.includes('email_code') && (
        <button type="button" onClick={() => send('email_code')}>
          {texts.proof.sendMail}
        </button>
      )}
      {kinds.includes('sms_code') && (
        <button type="button" onClick={() => send('sms_code')}>
          {texts.proof.sendSms}
        </button>
      )}
      <Show loaded={loaded}>
        {({ step_up: usable }) =>
          waysToType(usable, sent).map((way) => <TypedProof key={way} way={way} onProof={prove} />)
        }
      </Show>
      <p role="alert" class="problem">
        {problem}
      </p>
      <div class="buttons">
        <a class="button" href={signInAddress()}>
          {texts.proof.signInAgain}
        </a>
        <button type="button" onClick={() => onAnswer(false)}>
          {texts.cancel}
        </button>
      </div>
    </Dialog>
  );
}

/** The password only for users without a second factor. */
function waysToType(usable: readonly string[], sent: boolean): readonly Typed[] {
  if (usable.length === 0) return ['password'];
  return typed.filter((way) => (way === 'code' ? sent : usable.includes(way)));
}

function TypedProof({
  way,
  onProof,
}: {
  readonly way: Typed;
  readonly onProof: (proof: object) => Promise<void>;
}) {
  const { texts } = useApp();
  const [value, setValue] = useState('');
  const { password, totp, recoveryCode, sentCode } = texts.proof;
  const labels: Readonly<Record<Typed, string>> = {
    ...{ password, totp, code: sentCode, recovery_code: recoveryCode },
  };
  return (
    <form
      class="line"
      onSubmit={(event) => {
        event.preventDefault();
        onProof({ [way]: way === 'password' ? value : value.trim() });
      }}
    >
      <Field
        label={labels[way]}
        value={value}
        onValue={setValue}
        type={way === 'password' ? 'password' : 'text'}
        autocomplete={way === 'password' ? 'current-password' : 'one-time-code'}
        required
      />
      <button type="submit">{texts.proof.button}</button>
    </form>
  );
}

async function stepUp({ api, session }: { api: Api; session: Session }, proof: object): Promise<void> {
  const { body } = await api.call<Parameters<Session['replace']>[0]>('POST', '/auth/step-up', {
    ...proof,
    audience: session.audience,
  });
  session.replace(body);
}

async function askForPasskey(api: Api): Promise<unknown> {
  type Options = Parameters<typeof startAuthentication>[0]['optionsJSON'];
  const { body } = await api.call<{ options: Options }>('POST', '/auth/step-up/start', { factor: 'passkey' });
  return startAuthentication({ optionsJSON: body.options });
}
