/**
 * Passkeys in a real Chromium with a virtual authenticator, with the code that docs/passkeys.md gives to pages: what no server can
 * see is whether a browser takes our options, and what it forgets.
 */
import { readFile } from 'node:fs/promises';
import { build } from 'esbuild';
import type { CDPSession, Page } from 'playwright-core';
import t, { type Test } from 'tap';
import { password, startAuthority } from '../../support/authority.ts';
import { inCheckout } from '../../support/checkout.ts';
import { startChromium } from '../../support/chromium.ts';
import { aGuard, said } from '../../support/guards.ts';
import { claimsIn } from '../../support/secondFactor.ts';
import { startSite } from '../../support/site.ts';

const guide = await readFile(inCheckout('docs/passkeys.md'), 'utf8');
const [, pageCode = ''] = /```js\n(.*?)```/s.exec(guide) ?? [];
const alice = 'alice@example.com';
const revoked = '401 invalid_token revoked';
const policy = "default-src 'none'; script-src 'self'; connect-src 'self'; frame-ancestors 'none'";
const browser = await startChromium();
t.teardown(() => browser.close());

const page = `<!doctype html><title>app</title>
<input autocomplete="username webauthn">
<script type="module" src="/main.js"></script>`;
const main = "import * as app from './app.js'; window.app = app;";

/** As a bundler would put the library beside the page. */
async function bundled(): Promise<string> {
  const { outputFiles } = await build({
    stdin: { contents: pageCode, resolveDir: inCheckout('.'), loader: 'js' },
    ...{ bundle: true, format: 'esm', platform: 'browser', write: false, logLevel: 'silent' },
  });
  return outputFiles[0]?.text ?? '';
}

const appCode = await bundled();

interface Credential {
  readonly credentialId: string;
  readonly signCount: number;
}

/** A page, and the device of its user. */
async function start(t: Test) {
  let port = 0;
  const pages = { '/': page, '/main.js': main, '/app.js': appCode };
  const site = await startSite(pages, () => port, { 'content-security-policy': policy });
  const issuer = `http://localhost:${site.port}`;
  const authority = await startAuthority({ env: { ISSUER: issuer } });
  port = authority.httpPort;
  const context = await browser.newContext();
  t.teardown(async () => {
    await context.close();
    await site.stop();
    await authority.stop();
  });
  await authority.register(alice);
  const tab = await context.newPage();
  const violations: string[] = [];
  tab.on('console', (message) => {
    if (/Content Security Policy/i.test(message.text())) violations.push(message.text());
  });
  const device = await aDevice(await context.newCDPSession(tab));
  await tab.goto(issuer);
  await tab.waitForFunction('window.app !== undefined');

  const { grpcPort, serviceToken } = authority;
  const options = { serviceToken, audience: 'countersign', issuer };
  const guard = aGuard(t, [{ address: `127.0.0.1:${grpcPort}` }], options);
  await guard.ready();
  const call = caller(tab);
  const { access_token: first } = await authority.login(alice);
  return { ...authority, tab, device, guard, call, first, violations };
}

type Calls = 'logIn' | 'logInWithPassword' | 'stepUp' | 'addPasskey' | 'listFactors' | 'removePasskey';

/** Calls a function of the page; a refusal has its code, or the browser's name for it. */
function caller(tab: Page) {
  return (name: Calls, ...parameters: unknown[]) =>
    // biome-ignore lint/suspicious/noExplicitAny: as different as the functions of the page
    tab.evaluate<any>(
      `app.${name}(...${JSON.stringify(parameters)}).catch((error) => ({ refused: error.code ?? error.name }))`,
    );
}

async function aDevice(cdp: CDPSession) {
  await cdp.send('WebAuthn.enable');
  const { authenticatorId } = await cdp.send('WebAuthn.addVirtualAuthenticator', {
    options: {
      ...{ protocol: 'ctap2', ctap2Version: 'ctap2_1', transport: 'internal' },
      ...{ hasResidentKey: true, hasUserVerification: true, isUserVerified: true },
      automaticPresenceSimulation: true,
    },
  });
  const credentials = async () =>
    (await cdp.send('WebAuthn.getCredentials', { authenticatorId })).credentials;
  return {
    credentials: async (): Promise<readonly Credential[]> => credentials(),
    verifies: (isUserVerified: boolean) =>
      cdp.send('WebAuthn.setUserVerified', { authenticatorId, isUserVerified }),
    /** A copy of the key that was made before its first use. */
    async putBackCopy() {
      const [credential] = await credentials();
      if (credential === undefined) throw new Error('there is no credential');
      const { credentialId } = credential;
      await cdp.send('WebAuthn.removeCredential', { authenticatorId, credentialId });
      await cdp.send('WebAuthn.addCredential', {
        authenticatorId,
        credential: { ...credential, signCount: 0 },
      });
    },
  };
}

t.test('add, log in, log in from the form, second factor, step-up', async (t) => {
  const { call, first, device, guard, tab, violations } = await start(t);
  const { id, recovery_codes: codes } = await call('addPasskey', first, 'Laptop');
  t.match(id, /^[0-9a-f-]{36}$/);
  t.equal(codes.length, 10);
  t.equal((await device.credentials()).length, 1);

  const modal = await call('logIn');
  t.match(claimsIn(modal), { acr: '2fa', amr: ['hwk', 'user', 'mfa'] }, 'a button');
  const form = await call('logIn', { autofill: true });
  t.match(claimsIn(form), { acr: '2fa', amr: ['hwk', 'user', 'mfa'] }, 'conditional UI');
  t.not(claimsIn(form).sid, claimsIn(modal).sid);
  t.equal(await said(guard, modal), revoked, 'the cookie of this browser was replaced');
  const second = await call('logInWithPassword', alice, password);
  t.match(claimsIn(second), { acr: '2fa', amr: ['pwd', 'hwk', 'user', 'mfa'] });

  const before = claimsIn(first);
  t.equal(before.acr, '1fa');
  const stepped = await call('stepUp', first);
  t.match(claimsIn(stepped), {
    sid: before.sid,
    sub: before.sub,
    acr: '2fa',
    amr: ['pwd', 'hwk', 'user', 'mfa'],
  });
  for (const token of [second, stepped]) t.equal(await said(guard, token), 'accepted');
  t.match((await call('listFactors', stepped)).factors, [{ id, name: 'Laptop', kind: 'passkey' }]);
  t.equal(await tab.evaluate('document.cookie'), '', 'no script sees the refresh token');
  t.strictSame(violations, [], 'under a strict policy');
});

t.test('the same device does not make a second one', async (t) => {
  const { call, first, device } = await start(t);
  const { id } = await call('addPasskey', first, 'Laptop');
  t.match(id, /^[0-9a-f-]{36}$/);
  const strong = await call('stepUp', first);
  t.strictSame(await call('addPasskey', strong, 'Again'), {
    refused: 'ERROR_AUTHENTICATOR_PREVIOUSLY_REGISTERED',
  });
  t.equal((await device.credentials()).length, 1);
});

t.test('removed here, it is gone from the device, and its session from every service', async (t) => {
  const { call, first, device, guard } = await start(t);
  const { id } = await call('addPasskey', first, 'Laptop');
  const opened = await call('logIn');
  for (const token of [opened, first]) t.equal(await said(guard, token), 'accepted');
  t.equal((await device.credentials()).length, 1);

  await call('removePasskey', opened, id);
  t.equal(await said(guard, opened), revoked, 'the first request after the answer');
  t.equal(await said(guard, first), 'accepted', 'not opened by it');
  t.strictSame(await device.credentials(), [], 'the Signal API');
  t.match(
    claimsIn(await call('logInWithPassword', alice, password)),
    { acr: '1fa' },
    'the password is enough again',
  );
});

t.test('a copy of the key is noticed, and its sessions end', async (t) => {
  const { call, first, device, guard } = await start(t);
  await call('addPasskey', first, 'Laptop');
  await call('logIn');
  const opened = await call('logIn');
  t.equal(await said(guard, opened), 'accepted');
  await device.putBackCopy();
  t.strictSame(await call('logIn'), { refused: 'invalid_credentials' });
  t.equal(await said(guard, opened), revoked);
  t.equal(await said(guard, first), 'accepted', 'not opened by it');
});

t.test('without fingerprint or PIN the browser does not answer', async (t) => {
  const { call, first, device } = await start(t);
  await device.verifies(false);
  t.match(await call('addPasskey', first, 'Laptop'), { refused: /^ERROR_|NotAllowedError/ });
  await device.verifies(true);
  await call('addPasskey', first, 'Laptop');
  await device.verifies(false);
  t.match(await call('logIn'), { refused: /^ERROR_|NotAllowedError/ });
});
