/** The first view: this device, what to mend, the last sign-ins. */
import { useApp } from '../app/app.ts';
import { useLoaded } from '../app/useLoaded.ts';
import { Show } from '../parts/loading.tsx';
import type { Account, Activity, Factors, Sessions } from './answers.ts';
import { SessionFacts } from './sessions.tsx';
import { useTexts } from './useTexts.ts';

interface Overview {
  readonly account: Account;
  readonly factors: Factors;
  readonly sessions: Sessions;
  readonly activity: Activity;
}

/** Fewer codes than this are a reason to make new ones. */
const fewCodes = 3;
const shownSignIns = 5;

export function OverviewView() {
  const { api } = useApp();
  const { overview: texts } = useTexts();
  const loaded = useLoaded(async (): Promise<Overview> => {
    const [account, factors, sessions, activity] = await Promise.all([
      api.get<Account>('/auth/account'),
      api.get<Factors>('/auth/factors'),
      api.get<Sessions>('/auth/sessions?page_size=100'),
      api.get<Activity>('/auth/activity'),
    ]);
    return { account, factors, sessions, activity };
  });
  return (
    <Show loaded={loaded}>
      {({ account, factors, sessions, activity }) => (
        <>
          <p>
            <bdi>{account.email}</bdi>
          </p>
          <section class="card">
            <h2>{texts.toMend}</h2>
            <ToMend account={account} factors={factors} />
          </section>
          {sessions.sessions
            .filter(({ current }) => current)
            .map((session) => (
              <section key={session.id} class="card">
                <SessionFacts session={session} />
              </section>
            ))}
          <section class="card">
            <h2>{texts.lastSignIns}</h2>
            <SignIns activity={activity} />
          </section>
        </>
      )}
    </Show>
  );
}

function ToMend({ account, factors }: Pick<Overview, 'account' | 'factors'>) {
  const { router, formats } = useApp();
  const texts = useTexts();
  const { overview } = texts;
  const { left } = factors.recovery_codes;
  const hasFactor = factors.step_up.some((kind) => kind !== 'email_code');
  const advice = [
    account.factors_reset_at !== null && {
      text: overview.resetPlanned(formats.time(account.factors_reset_at)),
      path: 'factors',
      title: texts.factors.title,
    },
    !account.email_verified && { text: overview.verifyEmail, path: 'password', title: texts.password.title },
    !hasFactor && { text: overview.addFactor, path: 'passkeys', title: texts.passkeys.title },
    hasFactor &&
      left < fewCodes && {
        text: overview.fewCodes(formats.number(left)),
        path: 'factors',
        title: texts.factors.title,
      },
  ].filter((each) => each !== false);
  if (advice.length === 0) return <p>{overview.allWell}</p>;
  return (
    <ul>
      {advice.map(({ text, path, title }) => (
        <li key={text}>
          {text} <a href={router.addressOf(path)}>{title}</a>
        </li>
      ))}
    </ul>
  );
}

function SignIns({ activity }: Pick<Overview, 'activity'>) {
  const { formats } = useApp();
  const texts = useTexts();
  const signIns = activity.events.filter(({ type }) => type === 'login_succeeded' || type === 'login_failed');
  if (signIns.length === 0) return <p>{texts.overview.noSignIns}</p>;
  return (
    <ul>
      {signIns.slice(0, shownSignIns).map(({ id, at, type, ip }) => (
        <li key={id}>
          {[formats.time(at), texts.activity.events[type as 'login_failed'], ip ?? ''].join(' · ')}
        </li>
      ))}
    </ul>
  );
}
