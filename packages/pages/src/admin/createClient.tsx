/** A new service, or a new application that signs users in. */
import { useState } from 'preact/hooks';
import { Field, Select } from '../parts/field.tsx';
import type { Change } from './change.tsx';
import { useTexts } from './useTexts.ts';
import { wordsIn } from './wordsIn.ts';

export interface NewSecret {
  /** Of a new client. */
  readonly client_id?: string;
  /** Empty for a public client. */
  readonly secret: string;
}

export type MakeSecret = (change: Omit<Change<NewSecret>, 'done'>) => Promise<boolean>;

export function CreateClient({ makeSecret }: { readonly makeSecret: MakeSecret }) {
  const { clients: texts } = useTexts();
  const [kind, setKind] = useState('service');
  const [name, setName] = useState('');
  const [permissions, setPermissions] = useState('');
  const [redirectUris, setRedirectUris] = useState('');
  const [isPublic, setPublic] = useState(false);
  const isService = kind === 'service';
  const ofKind = isService
    ? { permissions: wordsIn(permissions) }
    : { kind, redirect_uris: wordsIn(redirectUris), public: isPublic };
  return (
    <form
      class="line"
      onSubmit={(event) => {
        event.preventDefault();
        makeSecret({
          ...{ title: texts.create, text: name, method: 'ClientService/CreateClient' },
          request: { name: name.trim(), ...ofKind },
        });
      }}
    >
      <Select
        label={texts.kind}
        value={kind}
        choices={[
          { value: 'service', label: texts.service },
          { value: 'app', label: texts.app },
          { value: 'third_party', label: texts.thirdParty },
        ]}
        onValue={setKind}
      />
      <Field label={texts.name} value={name} onValue={setName} autocomplete="off" required />
      {isService ? (
        <Field
          label={texts.permissions}
          hint={texts.permissionsHint}
          value={permissions}
          onValue={setPermissions}
          autocomplete="off"
        />
      ) : (
        <>
          <Field
            label={texts.redirectUris}
            hint={texts.redirectUrisHint}
            value={redirectUris}
            onValue={setRedirectUris}
            autocomplete="off"
            required
          />
          <label>
            <input
              type="checkbox"
              checked={isPublic}
              onChange={(event) => setPublic(event.currentTarget.checked)}
            />{' '}
            {texts.public}
          </label>
        </>
      )}
      <button type="submit">{texts.create}</button>
    </form>
  );
}
