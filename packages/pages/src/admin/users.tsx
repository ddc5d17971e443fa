/** Users: all, or those whose address contains a text. */
import { useApp } from '../app/app.ts';
import { useLoaded } from '../app/useLoaded.ts';
import { Show } from '../parts/loading.tsx';
import { Pages, Table } from '../parts/table.tsx';
import { useAdmin } from './adminApi.ts';
import { Time, UserLink } from './cells.tsx';
import { Filters, useFilter } from './filters.tsx';
import type { Page, User } from './messages.ts';
import { useOrder } from './order.ts';
import { useTexts } from './useTexts.ts';

export function UsersView() {
  const api = useAdmin();
  const { router } = useApp();
  const { users: texts, created, state } = useTexts();
  const { email_contains: contains = '' } = useFilter(['email_contains']);
  const after = router.place.value.query.get('after') ?? '';
  const { order, sortBy } = useOrder(['create_time', 'email'], 'create_time');
  const request = { email_contains: contains, order_by: order, page_token: after };
  const loaded = useLoaded(
    () => api.read<Page & { users: readonly User[] }>('UserService/ListUsers', request),
    JSON.stringify(request),
  );
  return (
    <>
      <Filters fields={[{ name: 'email_contains', label: texts.email, hint: texts.emailHint }]} />
      <Show loaded={loaded}>
        {({ users, next_page_token: next }) => (
          <>
            <Table
              caption={texts.title}
              rows={users}
              keyOf={({ user_id: id }) => id}
              empty={texts.none}
              columns={[
                {
                  ...{ name: 'E-mail', ...sortBy('email') },
                  cell: ({ user_id: id, email }) => <UserLink id={id} name={email} />,
                },
                {
                  name: state,
                  cell: ({ disabled, email_verified: isProved }) =>
                    `${disabled ? texts.disabled : texts.active}, ${isProved ? texts.proved : texts.unproved}`,
                },
                {
                  ...{ name: created, ...sortBy('create_time') },
                  cell: ({ create_time_ms: ms }) => <Time ms={ms} />,
                },
              ]}
            />
            <Pages next={next || undefined} />
          </>
        )}
      </Show>
    </>
  );
}
