/** The sign-in pages in a real Chromium: with and without script, with passkeys, and where they lead. */
import t from 'tap';
import { openTab, startPageAuthority } from '../support/accountPage.ts';
import { password } from '../support/authority.ts';
import { startChromium } from '../support/chromium.ts';
import { mailSettings, startMailServer } from '../support/mailServer.ts';
import { enrolled, totpAt } from '../support/secondFactor.ts';
import { aDevice } from '../support/virtualDevice.ts';

const mail = await startMailServer();
t.teardown(() => mail.stop());
const authority = await startPageAuthority(t, mailSettings(mail));
const { issuer, register } = authority;
const browser = await startChromium();
t.teardown(() => browser.close());
const withoutScript = { javaScriptEnabled: false };

t.test('without script: register, forget the password, set a new one, sign in', async (t) => {
  const email = 'new@example.com';
  const { page, faults } = await openTab(browser, issuer, withoutScript);
  await page.goto('/sign-in');
  await page.getByRole('link', { name: 'Open an account' }).click();
  await page.getByLabel('E-mail').fill(email);
  await page.getByLabel('Password').fill('password');
  await page.getByRole('button', { name: 'Open the account' }).click();
  await page.getByText('This password cannot be used.').waitFor();
  t.equal(await page.getByLabel('E-mail').inputValue(), email, 'what was typed stays');
  t.equal(await page.getByLabel('Password').inputValue(), '');
  await page.getByLabel('Password').fill(password);
  await page.getByRole('button', { name: 'Open the account' }).click();
  await page.getByText('The account is open.').waitFor();

  await page.getByRole('link', { name: 'Sign in' }).click();
  await page.getByRole('link', { name: 'I forgot my password' }).click();
  await page.getByLabel('E-mail').fill(email);
  await page.getByRole('button', { name: 'Send the link' }).click();
  await page.getByText('a mail is on its way').waitFor();
  const { token } = await mail.mailTo(email);
  await page.goto(`/auth/recovery/complete?token=${token}`);
  await page.getByLabel('New password').fill(`new ${password}`);
  await page.getByRole('button', { name: 'Set the password' }).click();
  await page.getByText('The new password is set').waitFor();

  await page.getByRole('link', { name: 'Sign in' }).click();
  await page.getByLabel('E-mail').fill(email);
  await page.getByLabel('Password').fill(password);
  await page.getByRole('button', { name: 'Sign in', exact: true }).click();
  await page.getByText('Wrong e-mail or password.').waitFor();
  t.equal(await page.getByRole('button', { name: 'Sign in with a passkey' }).count(), 0, 'needs the script');
  await page.getByLabel('Password').fill(`new ${password}`);
  await page.getByRole('button', { name: 'Sign in', exact: true }).click();
  await page.waitForURL(`${issuer}/account/`);
  t.match(await page.textContent('body'), /needs JavaScript/);
  t.strictSame(faults, []);
});

t.test('a new password for nobody looks like one for somebody', async (t) => {
  await register('somebody@example.com');
  const form = (path: string, fields: Record<string, string>) =>
    fetch(issuer + path, { method: 'POST', body: new URLSearchParams(fields) }).then((answer) =>
      answer.text(),
    );
  const [one, other] = [
    await form('/auth/recovery', { email: 'somebody@example.com' }),
    await form('/auth/recovery', { email: 'nobody@example.com' }),
  ];
  t.equal(one, other);
});

t.test('with a passkey: by the button, from the list at the e-mail field, as a second factor', async (t) => {
  const email = 'key@example.com';
  await register(email);
  const { page, faults, signIn } = await openTab(browser, issuer);
  const device = await aDevice(page);
  await signIn('/account/passkeys', email);
  await page.getByLabel('Name of the new passkey').fill('Blue key');
  await page.getByRole('button', { name: 'Add a passkey' }).click();
  await page.getByText('The passkey is added.').waitFor();
  const signOut = async () => {
    await page.getByRole('button', { name: 'Sign out' }).click();
    await page.getByText('You are signed out.').waitFor();
  };
  await signOut();

  // The browser offers it at the field, and this device takes every offer.
  await page.goto('/sign-in?return_to=/account/sessions');
  await page.waitForURL(`${issuer}/account/sessions`);
  await signOut();

  await device.touches(false);
  await page.goto('/sign-in?return_to=/account/activity');
  await page.getByRole('button', { name: 'Sign in with a passkey' }).waitFor();
  await device.agrees(false);
  await device.touches(true);
  await page.getByRole('button', { name: 'Sign in with a passkey' }).click();
  await page.getByText('The passkey was not accepted.').waitFor();
  await device.agrees(true);
  await page.getByRole('button', { name: 'Sign in with a passkey' }).click();
  await page.waitForURL(`${issuer}/account/activity`);
  await signOut();

  await device.touches(false);
  await page.goto('/sign-in?return_to=/account/');
  await page.getByLabel('E-mail').fill(email);
  await page.getByLabel('Password').fill(password);
  await page.getByRole('button', { name: 'Sign in', exact: true }).click();
  await page.getByText('Prove a second factor.').waitFor();
  await device.touches(true);
  await page.getByRole('button', { name: 'Sign in with a passkey' }).click();
  await page.waitForURL(`${issuer}/account/`);
  t.strictSame(faults, []);
});

t.test('it leads to our own paths only', async (t) => {
  await register('lost@example.com');
  const elsewhere = [
    ...[
      'https://evil.example/',
      '//evil.example',
      '/\\evil.example',
      '\\\\evil.example',
      'javascript:alert(1)',
    ],
    ...['/\t/evil.example', '/%09/evil.example\n', 'account', '@evil.example', '/..//evil.example', ''],
  ];
  for (const to of elsewhere) {
    const answer = await fetch(`${issuer}/sign-in?${new URLSearchParams({ return_to: to })}`);
    const leads = /name="return_to" value="([^"]*)"/.exec(await answer.text())?.[1];
    if (answer.status !== 400) {
      t.equal(answer.status, 200, to);
      t.equal(new URL(leads ?? '', issuer).origin, issuer, `${JSON.stringify(to)} leads to ${leads}`);
    }
    const form = { return_to: to, email: 'lost@example.com', password };
    const headers = { 'sec-fetch-site': 'same-origin' };
    const body = new URLSearchParams(form);
    const posted = await fetch(`${issuer}/sign-in`, { method: 'POST', body, headers, redirect: 'manual' });
    const page = await posted.text();
    for (const [, address = ''] of page.matchAll(/(?:url=|href="|action=")([^"]*)"/g))
      t.ok(
        address.startsWith('data:') || new URL(address, issuer).origin === issuer,
        `${to} leads to ${address}`,
      );
  }
  for (const to of ['//evil.example', '/\\evil.example', 'https://evil.example/', 'account'])
    t.equal((await fetch(`${issuer}/sign-in?${new URLSearchParams({ return_to: to })}`)).status, 400, to);
  const answer = await fetch(`${issuer}/sign-in?return_to=/account/data?a=b`);
  t.match(await answer.text(), /value="\/account\/data\?a=b"/);
});

t.test('what other sites cannot do', async (t) => {
  await register('victim@example.com');
  const body = new URLSearchParams({ return_to: '/', email: 'victim@example.com', password });
  const forged = await fetch(`${issuer}/sign-in`, {
    method: 'POST',
    body,
    headers: { 'sec-fetch-site': 'cross-site' },
  });
  t.equal(forged.status, 403, 'login CSRF');
  t.equal(forged.headers.get('set-cookie'), null);
  for (const path of ['/sign-in', '/sign-in/recovery', '/sign-in/register', '/account/', '/admin/', '/']) {
    const { headers } = await fetch(issuer + path, { headers: { accept: 'text/html' } });
    t.match(headers.get('content-security-policy'), /frame-ancestors 'none'/, `${path}: clickjacking`);
    t.equal(headers.get('x-frame-options'), 'DENY', path);
    t.match(headers.get('content-security-policy'), /^default-src 'none';/, path);
    t.notMatch(headers.get('content-security-policy'), /unsafe|\*|sha256/, path);
  }
  const script = await fetch(`${issuer}/sign-in`);
  t.match(
    script.headers.get('content-security-policy'),
    "script-src 'self'; connect-src 'self'; require-trusted-types-for 'script'",
  );
  const plain = await fetch(`${issuer}/sign-in/recovery`);
  t.notMatch(plain.headers.get('content-security-policy'), /script-src/, 'no script where none is needed');
  const typed = '"><script>alert(1)</script>\u202e';
  const hint = await fetch(`${issuer}/sign-in?${new URLSearchParams({ login_hint: typed })}`);
  t.match(await hint.text(), 'value="&quot;&gt;&lt;script&gt;alert(1)&lt;/script&gt;');
});

t.test('closed registration is not offered', async (t) => {
  const closed = await startPageAuthority(t, { REGISTRATION: 'closed' });
  t.notMatch(await (await fetch(`${closed.issuer}/sign-in`)).text(), /register/);
  t.equal((await closed.call('GET', '/sign-in/register')).status, 404);
  const form = new URLSearchParams({ email: 'x@example.com', password });
  const answer = await fetch(`${closed.issuer}/auth/register`, { method: 'POST', body: form });
  t.equal(answer.status, 403);
  t.match(await answer.text(), /registration is closed/);
});

t.test('a second factor by what is typed', async (t) => {
  const { recoveryCodes } = await enrolled(authority, 'app@example.com', Date.now);
  const { page, faults } = await openTab(browser, issuer, withoutScript);
  await page.goto('/sign-in');
  await page.getByLabel('E-mail').fill('app@example.com');
  await page.getByLabel('Password').fill(password);
  await page.getByRole('button', { name: 'Sign in', exact: true }).click();
  await page.getByLabel('Code of your authenticator app').fill('000000');
  await page.keyboard.press('Enter');
  await page.getByText('Wrong or expired code.').waitFor();
  await page.getByLabel('Recovery code').fill(recoveryCodes[0] ?? '');
  await page.keyboard.press('Enter');
  await page.waitForURL(`${issuer}/account/`);
  t.strictSame(faults, []);
});

t.test(
  'an authenticator app added while signing in: its recovery codes are shown before it goes on',
  async (t) => {
    const strict = await startPageAuthority(t, { SECOND_FACTOR: 'required' });
    const languages = [
      ['en-GB', 'Add an authenticator app', 'I have written them down: continue'],
      ['de-DE', 'Authenticator-App hinzufügen', 'Ich habe sie aufgeschrieben: weiter'],
    ] as const;
    for (const [locale, add, goOn] of languages) {
      const email = `${locale.toLowerCase()}@example.com`;
      await strict.register(email);
      const { page, faults } = await openTab(browser, strict.issuer, { ...withoutScript, locale });
      const signIn = async () => {
        await page.goto('/sign-in?return_to=/account/factors');
        await page.locator('#email').fill(email);
        await page.locator('#password').fill(password);
        await page.keyboard.press('Enter');
      };
      await signIn();
      await page.getByRole('button', { name: add }).click();
      const secret = (await page.locator('code').textContent()) ?? '';
      await page.locator('#totp').fill(totpAt(secret, Date.now()));
      await page.keyboard.press('Enter');
      const link = page.getByRole('link', { name: goOn });
      await link.waitFor();
      const codes = await page.locator('li code').allTextContents();
      t.equal(new Set(codes).size, 10, 'it waits for the user');
      await link.click();
      await page.waitForURL(`${strict.issuer}/account/factors`);
      await page.context().clearCookies();
      await signIn();
      await page.locator('#recovery_code').fill(codes[0] ?? '');
      await page.keyboard.press('Enter');
      await page.waitForURL(`${strict.issuer}/account/factors`);
      t.strictSame(faults, []);
    }
  },
);
