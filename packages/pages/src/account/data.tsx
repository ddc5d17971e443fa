/** Export and delete. */
import { useState } from 'preact/hooks';
import type { Api } from '../api/api.ts';
import { useApp } from '../app/app.ts';
import { useLoaded } from '../app/useLoaded.ts';
import { Field } from '../parts/field.tsx';
import { Show } from '../parts/loading.tsx';
import { save } from '../parts/save.ts';
import type { Account, Activity, Apps, Factors, Links, Sessions } from './answers.ts';
import { useTexts } from './useTexts.ts';

/** Pages of activity in one file: more are years of it. */
const activityPages = 200;

export function OwnDataView() {
  const { api, act } = useApp();
  const { data: texts } = useTexts();
  const loaded = useLoaded(() => api.get<Account>('/auth/account'));
  const download = () =>
    act(async () => {
      save('countersign-account.json', JSON.stringify(await everything(api), null, 2));
      return texts.exported;
    });
  return (
    <>
      <section class="card">
        <h2>{texts.export}</h2>
        <p>{texts.exportExplanation}</p>
        <button type="button" onClick={download}>
          {texts.download}
        </button>
      </section>
      <section class="card">
        <h2>{texts.delete}</h2>
        <p>{texts.deleteExplanation}</p>
        <Show loaded={loaded}>{(account) => <DeleteAccount account={account} />}</Show>
      </section>
    </>
  );
}

function DeleteAccount({ account: { email, has_password: hasPassword } }: { readonly account: Account }) {
  const { api, session, ask, act } = useApp();
  const { data: texts } = useTexts();
  const [password, setPassword] = useState('');
  const remove = async (event: Event) => {
    event.preventDefault();
    const question = { title: texts.delete, text: texts.deleteQuestion, button: texts.delete };
    if (!(await ask({ ...question, destroys: true, typed: email }))) return;
    await act(async () => {
      await api.call('DELETE', '/auth/me', hasPassword ? { current_password: password } : {});
      session.end('signedOut');
      return undefined;
    });
  };
  return (
    <form onSubmit={remove}>
      {hasPassword && (
        <Field
          label={texts.password}
          value={password}
          onValue={setPassword}
          type="password"
          autocomplete="current-password"
          required
        />
      )}
      <button type="submit" class="destroys">
        {texts.deleteButton}
      </button>
    </form>
  );
}

/** What the other views show, in one object. */
async function everything(api: Api): Promise<object> {
  const sessions: Sessions['sessions'][number][] = [];
  let token: string | undefined;
  do {
    const query = token === undefined ? '' : `?${new URLSearchParams({ page_token: token })}`;
    const page = await api.get<Sessions>(`/auth/sessions${query}`);
    sessions.push(...page.sessions);
    token = page.next_page_token;
  } while (token !== undefined);

  const activity: Activity['events'][number][] = [];
  let after: string | undefined;
  for (let pages = 0; pages === 0 || (after !== undefined && pages < activityPages); pages += 1) {
    const query = after === undefined ? '' : `?${new URLSearchParams({ after })}`;
    const page = await api.get<Activity>(`/auth/activity${query}`);
    activity.push(...page.events);
    after = page.next;
  }
  const { factors, recovery_codes } = await api.get<Factors>('/auth/factors');
  return {
    exported_at: new Date().toISOString(),
    account: await api.get<Account>('/auth/account'),
    ...{ sessions, factors, recovery_codes },
    ...(await api.get<Links>('/auth/providers/links')),
    ...(await api.get<Apps>('/auth/apps')),
    activity,
  };
}
