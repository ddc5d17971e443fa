/** Pages of users over the API, in each order; their tokens show nobody's address. */
import t from 'tap';
import { newAdministrator } from '../support/administrator.ts';
import { startAuthority } from '../support/authority.ts';

t.test('users page by page, and a token of another order', async (t) => {
  const authority = await startAuthority();
  t.teardown(() => authority.stop());
  const admin = await newAdministrator(authority, 'admin@example.com');
  await authority.register('zoe@example.com');
  const list = (body: object) =>
    authority.call('POST', '/api/UserService/ListUsers', { token: admin.token, body });
  const sorted = ['admin@example.com', 'zoe@example.com'];
  for (const [order_by, other, expected] of [
    ['create_time', 'email', sorted],
    ['create_time desc', 'email', sorted.toReversed()],
    ['email', 'create_time', sorted],
    ['email desc', 'create_time', sorted.toReversed()],
  ] as const) {
    const emails: string[] = [];
    for (let page_token: string | undefined = ''; page_token !== undefined; ) {
      const { body } = await list({ page_size: 1, order_by, page_token });
      emails.push(...body.users.map(({ email }: { readonly email: string }) => email));
      page_token = body.next_page_token || undefined;
      if (page_token === undefined) continue;
      t.notMatch(Buffer.from(page_token, 'base64url').toString(), /example/);
      const refused = { status: 400, body: { errors: [{ field: 'page_token' }] } };
      t.match(await list({ order_by: other, page_token }), refused, `${order_by}, then ${other}`);
    }
    t.strictSame(emails, expected, order_by);
  }
});
