/** The account page: a user's own devices, ways to sign in, and what happened. */
import { openPage } from '../app/openPage.tsx';
import { ActivityView } from './activity.tsx';
import { AppsView } from './apps.tsx';
import { OwnDataView } from './data.tsx';
import { FactorsView } from './factors.tsx';
import { OverviewView } from './overview.tsx';
import { PasskeysView } from './passkeys.tsx';
import { PasswordView } from './password.tsx';
import { SessionsView } from './sessions.tsx';
import { accountTexts } from './texts/languages.ts';

await openPage('/account/', (language) => {
  const texts = accountTexts[language];
  return {
    title: texts.title,
    areas: [
      { path: '', title: texts.overview.title, view: OverviewView },
      { path: 'sessions', title: texts.sessions.title, view: SessionsView },
      { path: 'passkeys', title: texts.passkeys.title, view: PasskeysView },
      { path: 'factors', title: texts.factors.title, view: FactorsView },
      { path: 'password', title: texts.password.title, view: PasswordView },
      { path: 'apps', title: texts.apps.title, view: AppsView },
      { path: 'activity', title: texts.activity.title, view: ActivityView },
      { path: 'data', title: texts.data.title, view: OwnDataView },
    ],
  };
});
