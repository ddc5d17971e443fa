/** The password and the e-mail address. */
import { useState } from 'preact/hooks';
import { useApp } from '../app/app.ts';
import { useLoaded } from '../app/useLoaded.ts';
import { Field } from '../parts/field.tsx';
import { Show } from '../parts/loading.tsx';
import type { Account } from './answers.ts';
import { useTexts } from './useTexts.ts';

export function PasswordView() {
  const { api } = useApp();
  const { password: texts } = useTexts();
  const loaded = useLoaded(() => api.get<Account>('/auth/account'));
  return (
    <Show loaded={loaded}>
      {(account) => (
        <>
          <section class="card">
            <h2>{texts.password}</h2>
            {account.has_password ? (
              <ChangePassword email={account.email} />
            ) : (
              <WithoutPassword account={account} />
            )}
          </section>
          <section class="card">
            <h2>{texts.email}</h2>
            <Email account={account} onChange={loaded.reload} />
          </section>
        </>
      )}
    </Show>
  );
}

function ChangePassword({ email }: { readonly email: string }) {
  const { api, act, texts: parts, formats } = useApp();
  const { password: texts } = useTexts();
  const [current, setCurrent] = useState('');
  const [next, setNext] = useState('');
  const change = (event: Event) => {
    event.preventDefault();
    return act(async () => {
      const { effectMs } = await api.call('POST', '/auth/password', {
        ...{ current_password: current, new_password: next },
      });
      setCurrent('');
      setNext('');
      const after = effectMs === undefined ? undefined : formats.milliseconds(effectMs);
      return `${texts.changed} ${parts.inEffect(after)}`;
    });
  };
  return (
    <form onSubmit={change}>
      {/* For password managers: whose password it is. */}
      <input type="text" name="username" autocomplete="username" value={email} hidden readOnly />
      <Field
        label={texts.current}
        value={current}
        onValue={setCurrent}
        type="password"
        autocomplete="current-password"
        required
      />
      <Field
        label={texts.next}
        value={next}
        onValue={setNext}
        type="password"
        autocomplete="new-password"
        required
      />
      <button type="submit" class="main">
        {texts.change}
      </button>
    </form>
  );
}

function WithoutPassword({ account: { email } }: { readonly account: Account }) {
  const { api, act } = useApp();
  const { password: texts } = useTexts();
  const send = () =>
    act(async () => {
      await api.call('POST', '/auth/recovery', { email });
      return texts.mailSent;
    });
  return (
    <>
      <p>{texts.without}</p>
      <button type="button" onClick={send}>
        {texts.mailPassword}
      </button>
    </>
  );
}

function Email({ account, onChange }: { readonly account: Account; readonly onChange: () => void }) {
  const { api, act } = useApp();
  const { password: texts } = useTexts();
  const [email, setEmail] = useState('');
  const change = (event: Event) => {
    event.preventDefault();
    return act(async () => {
      await api.call('POST', '/auth/email', { email });
      setEmail('');
      return texts.changeStarted;
    });
  };
  return (
    <>
      <p>
        <bdi>{account.email}</bdi>{' '}
        <span class="mark">{account.email_verified ? texts.isVerified : texts.notVerified}</span>
      </p>
      {!account.email_verified && <ProveEmail onProved={onChange} />}
      <form class="line" onSubmit={change}>
        <Field
          label={texts.newEmail}
          value={email}
          onValue={setEmail}
          type="email"
          autocomplete="email"
          required
        />
        <button type="submit">{texts.changeEmail}</button>
      </form>
    </>
  );
}

function ProveEmail({ onProved }: { readonly onProved: () => void }) {
  const { api, act } = useApp();
  const { password: texts } = useTexts();
  const [isSent, setSent] = useState(false);
  const [code, setCode] = useState('');
  const send = () =>
    act(async () => {
      await api.call('POST', '/auth/email/verification', {});
      setSent(true);
      return texts.proofSent;
    });
  const verify = (event: Event) => {
    event.preventDefault();
    return act(async () => {
      await api.call('POST', '/auth/email/verify', { code: code.trim() });
      onProved();
      return texts.verified;
    });
  };
  return (
    <>
      <button type="button" onClick={send}>
        {texts.sendProof}
      </button>
      {isSent && (
        <form class="line" onSubmit={verify}>
          <Field label={texts.code} value={code} onValue={setCode} autocomplete="one-time-code" required />
          <button type="submit" class="main">
            {texts.verify}
          </button>
        </form>
      )}
    </>
  );
}
