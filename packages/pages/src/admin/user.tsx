/** One user: what support sees, and what an administrator may do. */
import { useState } from 'preact/hooks';
import { Refusal } from '../api/refusal.ts';
import { useApp } from '../app/app.ts';
import { useLoaded } from '../app/useLoaded.ts';
import { Field } from '../parts/field.tsx';
import { Show } from '../parts/loading.tsx';
import { Table } from '../parts/table.tsx';
import { useAdmin } from './adminApi.ts';
import { never, Time } from './cells.tsx';
import { type Change, useChange } from './change.tsx';
import type { Grant, ShownUser } from './messages.ts';
import { useTexts } from './useTexts.ts';

export function UserView({
  parameters: { id = '' },
}: {
  readonly parameters: Readonly<Record<string, string>>;
}) {
  const api = useAdmin();
  const loaded = useLoaded(async () => {
    const user = await api.read<ShownUser>('UserService/GetUser', { user_id: id });
    // Whoever may see users need not see roles.
    const { grants } = await api
      .read<{ grants: readonly Grant[] }>('RoleService/ListGrants', { user_id: id })
      .catch((error) => {
        if (error instanceof Refusal && error.code === 'permission_denied') return { grants: [] };
        throw error;
      });
    return { ...user, grants };
  }, id);
  return <Show loaded={loaded}>{(shown) => <Shown shown={shown} reload={loaded.reload} />}</Show>;
}

type UserWithRoles = ShownUser & { readonly grants: readonly Grant[] };

function Shown({ shown, reload }: { readonly shown: UserWithRoles; readonly reload: () => void }) {
  const { router } = useApp();
  const { users: texts, created, state, when, audit } = useTexts();
  const { user, factors, sign_ins: signIns } = shown;
  const { user_id: id } = user;
  return (
    <>
      <h2>
        <bdi>{user.email}</bdi>
      </h2>
      <dl class="facts card">
        <dt>ID</dt>
        <dd>{id}</dd>
        <dt>{state}</dt>
        <dd>
          {user.disabled ? texts.disabled : texts.active},{' '}
          {user.email_verified ? texts.proved : texts.unproved}
        </dd>
        <dt>{created}</dt>
        <dd>
          <Time ms={user.create_time_ms} />
        </dd>
        <dt>{texts.factors}</dt>
        <dd>
          {factors.join(', ') || texts.noFactors} ({texts.codesLeft(shown.recovery_codes_left)})
        </dd>
        {shown.factors_reset_time_ms !== never && (
          <>
            <dt>{texts.resetAt}</dt>
            <dd>
              <Time ms={shown.factors_reset_time_ms} />
            </dd>
          </>
        )}
        <dt>{texts.liveSessions}</dt>
        <dd>
          <a href={router.addressOf('sessions', { user_id: id })}>{shown.sessions}</a>
        </dd>
      </dl>
      <Acts shown={shown} reload={reload} />
      <Roles shown={shown} reload={reload} />
      <Table
        caption={texts.events}
        rows={signIns}
        keyOf={({ event_id: event }) => event}
        empty="–"
        columns={[
          { name: when, cell: ({ time_ms: ms }) => <Time ms={ms} /> },
          { name: audit.what, cell: ({ type, reason }) => `${type} ${reason}` },
          { name: 'IP', cell: ({ ip }) => ip },
        ]}
      />
      <p>
        <a href={router.addressOf('audit', { user_id: id })}>{texts.allEvents}</a>
      </p>
    </>
  );
}

function Acts({ shown, reload }: { readonly shown: UserWithRoles; readonly reload: () => void }) {
  const { users: texts } = useTexts();
  const { make, dialog } = useChange(reload);
  const { user_id: id, disabled, email_verified: isProved, email } = shown.user;
  const request = { user_id: id };
  const all: readonly (Change<unknown> | false)[] = [
    disabled
      ? { title: texts.enable, method: 'UserService/EnableUser', request }
      : { title: texts.disable, destroys: true, typed: email, method: 'UserService/DisableUser', request },
    {
      title: texts.endAll,
      text: texts.endAllText,
      destroys: true,
      method: 'RevocationService/Revoke',
      request,
    },
    !disabled && { title: texts.sendRecovery, method: 'UserService/SendRecovery', request },
    !isProved && { title: texts.verifyEmail, method: 'UserService/VerifyEmail', request },
    shown.factors_reset_time_ms === never
      ? {
          ...{ title: texts.resetFactors, text: texts.resetFactorsText, destroys: true },
          ...{ method: 'UserService/ResetFactors', request },
        }
      : { title: texts.stopReset, method: 'UserService/StopFactorsReset', request },
    { title: texts.unlock, method: 'UserService/UnlockUser', request },
  ];
  return (
    <div class="buttons">
      {all.map(
        (change) =>
          change !== false && (
            <button
              key={change.title}
              type="button"
              class={change.destroys === true ? 'destroys' : undefined}
              onClick={() => make(change)}
            >
              {change.title}
            </button>
          ),
      )}
      {dialog}
    </div>
  );
}

function Roles({ shown, reload }: { readonly shown: UserWithRoles; readonly reload: () => void }) {
  const { users: texts, roles, actions } = useTexts();
  const { make, dialog } = useChange(reload);
  const [role, setRole] = useState('');
  const { user_id: id } = shown.user;
  return (
    <section>
      <Table
        caption={texts.roles}
        rows={shown.grants}
        keyOf={(grant) => grant.role}
        empty={texts.noRoles}
        columns={[
          { name: texts.role, cell: (grant) => grant.role },
          { name: roles.since, cell: (grant) => <Time ms={grant.grant_time_ms} /> },
          { name: texts.by, cell: (grant) => grant.granted_by },
          { name: texts.until, cell: (grant) => <Time ms={grant.expire_time_ms} /> },
          {
            name: actions,
            cell: (grant) => (
              <button
                type="button"
                onClick={() =>
                  make({
                    ...{ title: texts.take(grant.role), destroys: true, method: 'RoleService/TakeRole' },
                    request: { role: grant.role, user_id: id },
                  })
                }
              >
                {texts.take(grant.role)}
              </button>
            ),
          },
        ]}
      />
      <form
        class="line"
        onSubmit={(event) => {
          event.preventDefault();
          make({
            ...{ title: texts.grant, text: role, method: 'RoleService/GrantRole' },
            request: { role: role.trim(), user_id: id },
          });
        }}
      >
        <Field label={texts.role} value={role} onValue={setRole} autocomplete="off" required />
        <button type="submit">{texts.grant}</button>
      </form>
      {dialog}
    </section>
  );
}
