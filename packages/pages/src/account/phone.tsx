/** Adds a phone: a number, then the code that it gets. */
import { useState } from 'preact/hooks';
import { useApp } from '../app/app.ts';
import { Field } from '../parts/field.tsx';
import { useTexts } from './useTexts.ts';

export function PhoneForm({ onAdded }: { readonly onAdded: () => void }) {
  const { api, act, texts: partTexts } = useApp();
  const { factors: texts } = useTexts();
  const [phone, setPhone] = useState('');
  const [code, setCode] = useState('');
  const [isSent, setSent] = useState(false);
  const send = (event: Event) => {
    event.preventDefault();
    return act(async () => {
      await api.call('POST', '/auth/phone', { phone: phone.replaceAll(/[\s()/-]/g, '') });
      setSent(true);
      return texts.phoneSent;
    });
  };
  const verify = (event: Event) => {
    event.preventDefault();
    return act(async () => {
      await api.call('POST', '/auth/phone/verify', { code: code.trim() });
      setSent(false);
      setPhone('');
      setCode('');
      onAdded();
      return texts.phoneAdded;
    });
  };
  return (
    <section class="card">
      <h2>{texts.phone}</h2>
      <form class="line" onSubmit={send}>
        <Field
          label={texts.phoneNumber}
          value={phone}
          onValue={setPhone}
          type="tel"
          autocomplete="tel"
          required
        />
        <button type="submit">{texts.sendCode}</button>
      </form>
      {isSent && (
        <form class="line" onSubmit={verify}>
          <Field
            label={partTexts.proof.sentCode}
            value={code}
            onValue={setCode}
            autocomplete="one-time-code"
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
