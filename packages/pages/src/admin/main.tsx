/** The console, for users with a role at the API. Each screen is an area in a file of its own beside this one. */
import type { ComponentType } from 'preact';
import { type App, useApp } from '../app/app.ts';
import { openPage } from '../app/openPage.tsx';
import type { Area } from '../app/shell.tsx';
import { type AdminApi, AdminContext, createAdminApi } from './adminApi.ts';
import { AuditView } from './audit.tsx';
import { ClientsView } from './clients.tsx';
import { ClientView } from './editClient.tsx';
import { EffectView } from './effect.tsx';
import { KeysView } from './keys.tsx';
import { LimitsView } from './limits.tsx';
import { OutboxView } from './outbox.tsx';
import { RevokeView } from './revoke.tsx';
import { RolesView } from './roles.tsx';
import { SessionsView } from './sessions.tsx';
import { SettingsView } from './settings.tsx';
import { adminTexts } from './texts/languages.ts';
import { UserView } from './user.tsx';
import { UsersView } from './users.tsx';

await openPage('/admin/', (language) => {
  const texts = adminTexts[language];
  let api: AdminApi | undefined;
  const open = (app: App): AdminApi => {
    api ??= createAdminApi(app);
    return api;
  };
  const area = (path: string, title: string, view: Area['view'], isHidden = false): Area => {
    return { path, title, view: withApi(view, open), isHidden };
  };
  return {
    title: texts.title,
    areas: [
      area('', texts.effect.title, EffectView),
      area('users', texts.users.title, UsersView),
      area('users/:id', texts.user, UserView, true),
      area('sessions', texts.sessions.title, SessionsView),
      area('revoke', texts.revoke.title, RevokeView),
      area('keys', texts.keys.title, KeysView),
      area('clients', texts.clients.title, ClientsView),
      area('clients/:id', texts.client, ClientView, true),
      area('roles', texts.roles.title, RolesView),
      area('audit', texts.audit.title, AuditView),
      area('limits', texts.limits.title, LimitsView),
      area('outbox', texts.outbox.title, OutboxView),
      area('settings', texts.settings.title, SettingsView),
    ],
  };
});

type ViewProps = { readonly parameters: Readonly<Record<string, string>> };

function withApi(View: ComponentType<ViewProps>, open: (app: App) => AdminApi): ComponentType<ViewProps> {
  return (props) => (
    <AdminContext.Provider value={open(useApp())}>
      <View {...props} />
    </AdminContext.Provider>
  );
}
