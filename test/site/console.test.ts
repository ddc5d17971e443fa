/** The console in a real Chromium: what administrators do there, by what they read. One authority for all. */
import { readFile } from 'node:fs/promises';
import type { Page, Route } from 'playwright-core';
import t from 'tap';
import { openTab, startPageAuthority } from '../support/accountPage.ts';
import { password } from '../support/authority.ts';
import { aVerifier } from '../support/authorizing.ts';
import { startChromium } from '../support/chromium.ts';
import { administrator } from '../support/consolePage.ts';
import { eventually } from '../support/eventually.ts';
import { basic } from '../support/oauthClients.ts';

const authority = await startPageAuthority(t);
const { issuer, register, login, call } = authority;
const { operations } = authority.authority;
const operator = { name: 'operator' };
const browser = await startChromium();
t.teardown(() => browser.close());

const heading = (page: Page, name: string) => page.getByRole('heading', { name, level: 1 }).waitFor();
const dialog = (page: Page) => page.getByRole('dialog');

/** Gives the reason, and what must be typed. */
async function decide(page: Page, button: string | RegExp, typed?: string) {
  await dialog(page).getByLabel('Reason').fill('Ticket 42');
  if (typed !== undefined)
    await dialog(page)
      .getByLabel(/^Type .* to confirm$/)
      .fill(typed);
  await dialog(page).getByRole('button', { name: button }).click();
}

const row = (page: Page, text: string) => page.getByRole('row').filter({ hasText: text });
const { page, faults } = await administrator(browser, authority, 'admin@example.com');

t.test('Effect is live', async (t) => {
  await heading(page, 'Effect');
  await page.getByText('Half in effect within').waitFor();
  await row(page, 'this one').waitFor();
  await page.getByText('No guard is connected to any node.').waitFor();
  await register('effect@example.com');
  const { refresh_token } = await login('effect@example.com');
  const loggedOut = performance.now();
  await call('POST', '/auth/logout', { body: { refresh_token } });
  await page
    .locator('dl.facts')
    .getByText(/^[\d.,]+ ms$/)
    .first()
    .waitFor();
  const milliseconds = performance.now() - loggedOut;
  t.comment(`a logout was on the screen after ${milliseconds.toFixed(0)} ms`);
  t.ok(milliseconds < 3_000, `${milliseconds}`);
});

t.test('a user: found, disabled, enabled, given a role and relieved of it', async (t) => {
  const email = 'ada@example.com';
  await register(email);
  const { access_token: token } = await login(email);
  await page.getByRole('link', { name: 'Users' }).click();
  await page.getByLabel('E-mail contains').fill('ADA@');
  await page.getByRole('button', { name: 'Filter' }).click();
  await page.waitForURL('**/admin/users?email_contains=ADA%40');
  await page.getByRole('link', { name: email }).click();
  await page.getByRole('heading', { name: email }).waitFor();

  await page.getByRole('button', { name: 'Disable user' }).click();
  t.equal(
    await dialog(page).getByRole('button', { name: 'Disable user' }).isDisabled(),
    true,
    'without a reason',
  );
  await decide(page, 'Disable user', email);
  await page.getByText(/No service accepts it any more, after/).waitFor();
  t.equal((await call('GET', '/auth/me', { token })).status, 401);
  await page.getByText('disabled, unproved').waitFor();
  const [event] = await operations.listAudit({ type: 'user_disabled', limit: 1 });
  t.match(event, { actor: /^user:[\w-]{36}$/, detail: { why: 'Ticket 42' } });

  await page.getByRole('button', { name: 'Enable user' }).click();
  await decide(page, 'Enable user');
  await page.getByText('active, unproved').waitFor();

  await page.getByLabel('Role', { exact: true }).fill('admin');
  await page.getByRole('button', { name: 'Give role' }).click();
  await decide(page, 'Give role');
  await page.getByRole('button', { name: 'Take role admin' }).click();
  await decide(page, 'Take role admin');
  await page.getByText('This user has no role.').waitFor();
});

t.test(
  'Revoke: preview, reason, the typed number, progress, a report; an address alone starts nothing',
  async (t) => {
    const email = 'many@example.com';
    const user_id = (await register(email)).body.user_id as string;
    const logins = [];
    for (let count = 0; count < 7; count += 1) logins.push(await login(email));
    const requests: string[] = [];
    page.on('request', (request) => requests.push(request.url()));
    const forged = `/admin/revoke?user_id=${user_id}&request=forged&reason=x`;
    await page.goto(forged);
    await page.getByText('There is no such request of yours.').waitFor();
    t.equal(await page.getByRole('button', { name: 'Complete it' }).count(), 0);
    t.notOk(requests.some((url) => url.endsWith('/RevocationService/Revoke')));

    await page.goto('/admin/revoke');
    await page.getByLabel('User').fill(user_id);
    await page.getByRole('button', { name: 'Preview' }).click();
    await page.getByText('7 sessions of 1 users match.').waitFor();
    await row(page, '127.0.0.0/24').waitFor();
    await row(page, 'first-party').first().waitFor();
    await row(page, 'under an hour').waitFor();
    await page.getByText('By network', { exact: true }).waitFor();
    await page.route('**/RevocationService/PreviewRevocation', async (route) => {
      const answer = await route.fetch();
      await route.fulfill({ json: { ...(await answer.json()), matched_sessions: '100000', more: true } });
    });
    await page.reload();
    await page.getByText('By network, of the 100,000 counted', { exact: true }).waitFor();
    await page.unroute('**/RevocationService/PreviewRevocation');
    await page.reload();
    await page.getByRole('button', { name: 'End 7 sessions' }).click();
    await decide(page, 'End 7 sessions', '7');
    await page.getByText('Done: 7 sessions have ended. No service accepts them any more.').waitFor();
    for (const { access_token: token } of logins)
      t.equal((await call('GET', '/auth/me', { token })).status, 401);

    await page.reload();
    await page.getByText('Done: 7 sessions have ended.').waitFor();
    const saving = page.waitForEvent('download');
    await page.getByRole('button', { name: 'Download the report' }).click();
    const file = await (await saving).path();
    const report = JSON.parse(await readFile(file, 'utf8'));
    t.match(report, { finished: true, ended_sessions: '7', filter: { user_id } });
    t.equal(report.events.length, 7);
    t.match(report.events[0], { event: { type: 'session_ended', detail: /Ticket 42/ } });
  },
);

t.test('sessions: one is ended; names of users are shown as text', async (t) => {
  const hostile = '<img src=x onerror=alert(1)>';
  const user_id = (await register('hostile@example.com')).body.user_id as string;
  const body = { email: 'hostile@example.com', password, device_name: hostile };
  const { access_token: token } = (await call('POST', '/auth/login', { body })).body;
  await page.goto(`/admin/sessions?user_id=${user_id}`);
  await page.getByText('<img src=x onerror=alert(1)>', { exact: false }).first().waitFor();
  t.equal(await page.locator('td img').count(), 0);
  await page.getByRole('button', { name: /^End session/ }).click();
  await decide(page, 'End session');
  await page.getByText('No live session matches.').waitFor();
  t.equal((await call('GET', '/auth/me', { token })).status, 401);
});

t.test('keys, clients, roles, audit, limits, outbox, settings', async (t) => {
  await page.goto('/admin/keys');
  await page.getByRole('button', { name: 'Rotate now' }).click();
  await decide(page, 'Rotate now');
  await page.getByText('Done.').waitFor();
  await row(page, 'retiring').waitFor();

  await page.goto('/admin/clients');
  await page.getByLabel('Name').fill('orders');
  await page.getByLabel('Permissions').fill('tokens.check tokens.introspect');
  await page.getByRole('button', { name: 'Create client' }).click();
  await decide(page, 'Create client');
  const secret = await page.getByText(/^st_/).textContent();
  const list = (token: string) => call('POST', '/api/TokenService/IsRevoked', { token, body: { jti: 'x' } });
  t.equal((await list(secret ?? '')).status, 400, 'it may ask');
  await page.getByRole('button', { name: 'Revoke client orders' }).click();
  await decide(page, 'Revoke client', 'orders');
  await row(page, 'orders').getByText('revoked').waitFor();

  await page.getByLabel('Kind').selectOption('Application of our own');
  await page.getByLabel('Name').fill('shop');
  await page.getByLabel('Redirect addresses').fill('https://shop.example/back');
  await page.getByLabel(/It cannot keep a secret/).check();
  await page.getByRole('button', { name: 'Create client' }).click();
  await decide(page, 'Create client');
  await page.getByText(/Its client_id is [0-9a-f-]{36}\./).waitFor();
  await row(page, 'shop').getByText('live').waitFor();
  const shop = (await operations.listClients()).find(({ name }) => name === 'shop');
  t.match(shop, { kind: 'app', redirectUris: ['https://shop.example/back'] });

  await page.goto('/admin/roles');
  await row(page, 'admin').getByRole('link', { name: 'Who has it' }).click();
  await page.getByText('Who has it: admin').waitFor();

  await page.goto('/admin/audit?type=signing_key_activated');
  await row(page, 'Ticket 42').waitFor();
  await page.getByRole('button', { name: 'Verify the chain' }).click();
  await page.getByText(/^The chain is intact/).waitFor();

  await page.goto('/admin/limits');
  await page.getByText('Nobody was refused.').waitFor();
  await page.goto('/admin/outbox');
  await heading(page, 'Outbox');
  await page
    .getByText(/Nothing waits\.|Try now/)
    .first()
    .waitFor();
  await page.goto('/admin/settings');
  await row(page, 'REGISTRATION').getByText('environment').waitFor();
  await row(page, 'AUDIENCE').first().getByText('default').waitFor();
  t.strictSame(faults, []);
});

t.test('lists: sorted by keyboard, page by page, at an address that stays', async (t) => {
  for (const name of ['zoe', 'abe', 'moe']) await register(`${name}@sorted.example`);
  const emails = async () => page.getByRole('link', { name: /@sorted/ }).allTextContents();
  const column = (name: string) => page.getByRole('columnheader', { name });
  await page.goto('/admin/users?email_contains=%40sorted');
  await row(page, 'zoe@').waitFor();
  t.equal(await column('Created').getAttribute('aria-sort'), 'ascending');
  t.equal(await column('E-mail').getAttribute('aria-sort'), null);
  await column('E-mail').getByRole('link').focus();
  await page.keyboard.press('Enter');
  await page.waitForURL('**/admin/users?email_contains=%40sorted&order=email');
  await page.locator('th[aria-sort="ascending"]', { hasText: 'E-mail' }).waitFor();
  await row(page, 'abe@').waitFor();
  const sorted = ['abe', 'moe', 'zoe'].map((name) => `${name}@sorted.example`);
  await eventually('sorted', async () => (await emails()).join() === sorted.join());
  await column('E-mail').getByRole('link').click();
  await eventually('the other way', async () => (await emails()).join() === sorted.toReversed().join());
  await page.reload();
  await row(page, 'zoe@').waitFor();
  t.strictSame(await emails(), sorted.toReversed(), 'the address says the order');
  await page.goto('/admin/users?email_contains=%40sorted&order=nonsense');
  await row(page, 'zoe@').waitFor();

  await page.goto('/admin/sessions?order=create_time');
  await page.locator('th', { hasText: 'Created' }).waitFor();
  t.equal(await page.locator('th a').count(), 0, 'only the sessions of a user can be sorted');
  const user = (await register('sorted@example.com')).body.user_id as string;
  await login('sorted@example.com');
  for (const path of [`sessions?user_id=${user}`, 'audit']) {
    await page.goto(`/admin/${path}`);
    const sortedColumn = page.locator('th[aria-sort="descending"]');
    await sortedColumn.getByRole('link').click();
    await page.waitForURL(/order=(create_)?time$/);
    await page.locator('th[aria-sort="ascending"]').waitFor();
    t.equal(await page.getByRole('alert').count(), 0, path);
  }

  const names = Array.from({ length: 101 }, (_, index) => `paged-${String(index).padStart(3, '0')}`);
  for (const name of names) await operations.createService({ name, permissions: [] }, operator);
  await page.goto('/admin/clients?order=create_time+desc');
  await row(page, 'paged-100').waitFor();
  t.equal(await page.getByRole('link', { name: 'paged-000' }).count(), 0);
  await page.getByRole('link', { name: 'Next page' }).click();
  await row(page, 'paged-000').waitFor();
  t.match(page.url(), /order=create_time\+desc&after=[\w-]{22}$/);
  await page.reload();
  await row(page, 'paged-000').waitFor();
  t.strictSame(faults, []);
});

/** A session of the client, for who is signed in. */
async function signInAt(page: Page, { id, token }: { readonly id: string; readonly token: string }) {
  const { verifier, challenge } = aVerifier();
  const redirect_uri = 'https://changed.example/a';
  const asked = { client_id: id, redirect_uri, response_type: 'code', scope: 'openid' };
  const proof = { code_challenge: challenge, code_challenge_method: 'S256' };
  const coming = page.waitForRequest((request) => request.url().startsWith(redirect_uri));
  // Nobody is there.
  await page.goto(`/oauth2/authorize?${new URLSearchParams({ ...asked, ...proof })}`).catch(() => {});
  const code = new URL((await coming).url()).searchParams.get('code') ?? '';
  const body = { grant_type: 'authorization_code', code, redirect_uri, code_verifier: verifier };
  const form = { method: 'POST', headers: basic(id, token), body: new URLSearchParams(body) };
  if (!(await fetch(`${issuer}/oauth2/token`, form)).ok) throw new Error('no session');
}

t.test(
  'a client is changed: previewed, with a reason; of two administrators nobody loses anything',
  async (t) => {
    const shop = await operations.createClient(
      {
        ...{ name: 'changed', kind: 'app', permissions: [], audiences: [], scopes: ['read', 'write'] },
        redirectUris: ['https://changed.example/a'],
      },
      operator,
    );
    const other = await administrator(browser, authority, 'third@example.com');
    await signInAt(other.page, shop);
    const save = (each: Page) => each.getByRole('button', { name: 'Save changes' });
    for (const each of [page, other.page]) {
      await each.goto('/admin/clients?client=changed');
      await each.getByRole('link', { name: 'changed', exact: true }).click();
      await each.getByLabel('Redirect addresses').waitFor();
      t.equal(await save(each).isDisabled(), true, 'nothing is changed');
    }
    await page.getByLabel('Scopes').fill('read');
    await save(page).click();
    await dialog(page).getByText('It takes something away: access tokens of 1 sessions').waitFor();
    await decide(page, 'Save changes');
    await page.getByText(/Done\.|No service accepts it any more/).waitFor();
    await eventually('saved', async () => (await save(page).isDisabled()) === true);

    await other.page
      .getByLabel('Redirect addresses')
      .fill('https://changed.example/a https://changed.example/b');
    await save(other.page).click();
    await other.page.getByText(/Somebody changed this meanwhile\. Nothing of yours is lost/).waitFor();
    await eventually(
      'what is saved now',
      async () => (await other.page.getByLabel('Scopes').inputValue()) === 'read',
    );
    t.match(
      await other.page.getByLabel('Redirect addresses').inputValue(),
      /changed\.example\/b/,
      'what was typed',
    );
    await other.page.getByText('Saved now: https://changed.example/a').waitFor();
    await save(other.page).click();
    await decide(other.page, 'Save changes');
    await other.page.getByText(/Done\.|No service accepts it any more/).waitFor();
    const now = (await operations.listClients()).find(({ id }) => id === shop.id);
    t.match(now, {
      scopes: ['read'],
      redirectUris: ['https://changed.example/a', 'https://changed.example/b'],
    });
    const [event] = await operations.listAudit({ type: 'client_changed', limit: 1 });
    t.match(event, { actor: /^user:/, detail: { why: 'Ticket 42' } });

    const lists = '**/api/ClientService/*';
    await other.page.getByLabel('Scopes').fill('read write');
    await save(other.page).click();
    await dialog(other.page).waitFor();
    await other.page.route(lists, (route) => route.abort());
    await decide(other.page, 'Save changes');
    await other.page.getByRole('button', { name: 'Try again' }).waitFor();
    await other.page.unroute(lists);
    await other.page.getByRole('button', { name: 'Try again' }).click();
    await other.page.getByLabel('Scopes').waitFor();
    const typed = await other.page.getByLabel('Scopes').inputValue();
    t.equal(typed, 'read write', 'the answers were lost, what was typed was not');

    await other.page.getByLabel('Redirect addresses').fill('javascript:alert(1)');
    await save(other.page).click();
    await other.page.locator('.field', { hasText: 'Redirect addresses' }).getByRole('alert').waitFor();
    t.strictSame([...faults, ...other.faults], []);
  },
);

/** As if somebody had signed in in another tab. */
async function becomes(page: Page, refreshToken: string) {
  const cookie = { name: '__Host-countersign-refresh', value: refreshToken, domain: 'localhost', path: '/' };
  await page.context().addCookies([{ ...cookie, secure: true, httpOnly: true, sameSite: 'Strict' }]);
}

t.test('stale tabs: a newer authority, no answer, another user', async (t) => {
  const stale = await administrator(browser, authority, 'stale@example.com');
  const { page } = stale;
  await page.route('**/api/UserService/ListUsers', (route) => route.fulfill({ json: { people: [] } }));
  await page.getByRole('link', { name: 'Users', exact: true }).click();
  await page.getByText('This page does not understand the answer.').waitFor();
  await page.unroute('**/api/UserService/ListUsers');
  await page.getByRole('link', { name: 'Load again' }).click();
  await page.getByLabel('E-mail contains').waitFor();
  await page.getByRole('table').waitFor();

  await page.route('**/auth/refresh', (route) => route.abort());
  await page.reload();
  await page.getByText('No answer came.').waitFor();
  await page.unroute('**/auth/refresh');
  await page.getByRole('button', { name: 'Try again' }).click();
  await page.getByRole('table').waitFor();

  // The console's own token is asked for after somebody else has signed in.
  await register('usurper@example.com');
  let asked = 0;
  const signsInBetween = async (route: Route) => {
    asked += 1;
    if (asked === 2) await becomes(page, (await login('usurper@example.com')).refresh_token);
    await route.continue();
  };
  await page.route('**/auth/refresh', signsInBetween, { times: 2 });
  await page.reload();
  await heading(page, 'Somebody signed in in another tab');
  t.equal(stale.faults.length, 1, 'the answer that was not understood');
  t.match(stale.faults, [/TypeError/]);
});

t.test('two administrators at once', async (t) => {
  await operations.createService({ name: 'contested', permissions: [] }, operator);
  const user_id = (await register('contested@example.com')).body.user_id as string;
  const other = await administrator(browser, authority, 'second@example.com');
  const both = [page, other.page] as const;
  for (const each of both) {
    await each.goto('/admin/clients');
    await row(each, 'contested').getByText('live').waitFor();
  }
  for (const each of both) {
    await each.getByRole('button', { name: 'Revoke client contested' }).click();
    await decide(each, 'Revoke client', 'contested');
    await row(each, 'contested').getByText('revoked').waitFor();
    t.equal(await each.getByRole('link', { name: 'contested' }).count(), 0, 'nothing of it can be changed');
  }
  const said = await other.page.locator('.said').textContent();
  t.match(said, /No service accepts it any more|Somebody may have been faster|Done\./, 'the second one');

  for (const each of both) {
    await each.goto(`/admin/users/${user_id}`);
    await each.getByRole('heading', { name: 'contested@example.com' }).waitFor();
  }
  await page.getByLabel('Role', { exact: true }).fill('admin');
  await page.getByRole('button', { name: 'Give role' }).click();
  await decide(page, 'Give role');
  await page.getByRole('button', { name: 'Take role admin' }).waitFor();
  await other.page.getByLabel('Role', { exact: true }).fill('admin');
  await other.page.getByRole('button', { name: 'Give role' }).click();
  await decide(other.page, 'Give role');
  await other.page.getByRole('button', { name: 'Take role admin' }).waitFor();
  for (const each of both) {
    await each.getByRole('button', { name: 'Take role admin' }).click();
    await decide(each, 'Take role admin');
    await each.getByText('This user has no role.').waitFor();
  }

  await other.page.goto('/admin/users');
  await other.page.getByRole('link', { name: 'contested@example.com' }).waitFor();
  await operations.takeRole({ role: 'admin', user: { email: 'second@example.com' } }, operator);
  await other.page.getByLabel('E-mail contains').fill('contested');
  await other.page.getByRole('button', { name: 'Filter' }).click();
  await other.page.getByText('You may not do this.').waitFor();
  t.strictSame(other.faults, []);
});

t.test('without the role, and when the session ends', async (t) => {
  await register('nobody@example.com');
  const nobody = await openTab(browser, issuer);
  await nobody.signIn('/admin/', 'nobody@example.com');
  await nobody.page.getByRole('alert').waitFor();
  t.match(await nobody.page.getByRole('alert').textContent(), /may not|not allowed|permission/i);

  const other = await administrator(browser, authority, 'other@example.com');
  await other.page.getByText('Half in effect within').waitFor();
  const ended = other.page.getByRole('heading', { name: 'This session has ended' }).waitFor();
  await operations.disableUser({ email: 'other@example.com' }, operator);
  const at = performance.now();
  await ended;
  const milliseconds = performance.now() - at;
  t.comment(`the page said so after ${milliseconds.toFixed(0)} ms`);
  t.ok(milliseconds < 1_000, `${milliseconds}`);
  t.strictSame([...nobody.faults, ...other.faults], []);
});

t.test('in German', async (t) => {
  const german = await openTab(browser, issuer, { locale: 'de-DE' });
  await german.page.goto('/admin/');
  t.equal(await german.page.getAttribute('html', 'lang'), 'de');
});
