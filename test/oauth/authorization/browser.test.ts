/** Signing in to applications in a real Chromium: the pages without script, the strict cookie, single sign-on, consent, logout. */
import * as oidc from 'openid-client';
import t, { type Test } from 'tap';
import { password } from '../../support/authority.ts';
import { startChromium } from '../../support/chromium.ts';
import { aGuard, said } from '../../support/guards.ts';
import { operator, startIssuer } from '../../support/oauthClients.ts';
import { startRelyingParty } from '../../support/relyingParty.ts';

const alice = 'alice@example.com';
const browser = await startChromium();
t.teardown(() => browser.close());

/** `kind`: of the application. */
async function start(t: Test, kind: 'app' | 'third_party') {
  const opened = await startIssuer(t);
  const { issuer, operations, client, register } = opened;
  const { user_id: userId } = (await register(alice)).body as { user_id: string };
  await operations.setResource(
    { audience: 'countersign', scopes: ['read'], everyone: ['read'], accessTtlMs: undefined },
    operator,
  );
  const party = await startRelyingParty(t);
  const { id, secret } = await client('shop', {
    kind,
    scopes: ['read'],
    redirectUris: [`${party.origin}/callback`],
    postLogoutRedirectUris: [`${party.origin}/bye`],
  });
  const config = await oidc.discovery(new URL(issuer), id, secret, undefined, {
    execute: [oidc.allowInsecureRequests],
  });
  party.configure(config);
  const context = await browser.newContext({ javaScriptEnabled: false, locale: 'en-GB' });
  t.teardown(() => context.close());
  const tab = await context.newPage();
  const violations: string[] = [];
  tab.on('console', (message) => {
    if (/Content Security Policy/i.test(message.text())) violations.push(message.text());
  });
  const signIn = async () => {
    await tab.getByLabel('E-mail').fill(alice);
    await tab.getByLabel('Password').fill(password);
    await tab.getByRole('button', { name: 'Sign in' }).click();
  };
  return { ...opened, party, config, tab, context, signIn, violations, userId, clientId: id };
}

t.test('an application of ours', async (t) => {
  const { issuer, party, config, tab, signIn, violations, userId, clientId, serviceToken, grpcPort } =
    await start(t, 'app');
  await tab.goto(party.origin);
  await tab.waitForURL(`${issuer}/sign-in?**`);
  await signIn();
  await tab.waitForURL(`${party.origin}/callback?**`);
  t.equal(await tab.textContent('body'), `signed in as ${userId}`);
  const first = party.tokens();
  t.match(first?.claims(), { iss: issuer, aud: clientId, sub: userId, acr: '1fa', amr: ['pwd'] });
  t.equal(first?.scope, 'openid email');
  const info = await oidc.fetchUserInfo(config, first?.access_token ?? '', userId);
  t.match(info, { sub: userId, email: alice, email_verified: false });

  await tab.goto(party.origin);
  await tab.waitForURL(`${party.origin}/callback?**`);
  t.equal(
    party.tokens()?.claims()?.['auth_time'],
    first?.claims()?.['auth_time'],
    'recognised, without a form',
  );

  party.ask = { prompt: 'login' };
  await tab.goto(party.origin);
  await tab.waitForURL(`${issuer}/sign-in?**`);
  await signIn();
  await tab.waitForURL(`${party.origin}/callback?**`);
  const refreshed = await oidc.refreshTokenGrant(config, first?.refresh_token ?? '');
  t.ok(refreshed.access_token, 'what was started before lives on, since the same user signed in');

  const guard = aGuard(t, [{ address: `127.0.0.1:${grpcPort}` }], {
    serviceToken,
    audience: 'countersign',
    issuer,
  });
  await guard.ready();
  const second = party.tokens()?.access_token ?? '';
  t.equal(await said(guard, second), 'accepted');
  await tab.goto(`${party.origin}/logout`);
  await tab.waitForURL(`${party.origin}/bye`);
  for (const token of [refreshed.access_token, second])
    t.equal(
      await said(guard, token),
      '401 invalid_token revoked',
      'every session that was started here has ended',
    );
  party.ask = {};
  await tab.goto(party.origin);
  await tab.waitForURL(`${issuer}/sign-in?**`);
  t.strictSame(violations, []);
});

t.test('an application of somebody else', async (t) => {
  const { issuer, party, tab, signIn, violations } = await start(t, 'third_party');
  party.pushes = true;
  await tab.goto(party.origin);
  await signIn();
  await tab.waitForURL(`${issuer}/oauth2/authorize/resume?**`);
  t.match(await tab.textContent('main'), /shop asks for access.*see your e-mail address/s);
  await tab.getByRole('button', { name: 'Do not allow' }).click();
  await tab.waitForURL(`${party.origin}/callback?**`);
  t.match(await tab.textContent('body'), 'failed: access_denied');
  await tab.goto(party.origin);
  await tab.getByRole('button', { name: 'Allow', exact: true }).click();
  await tab.waitForURL(`${party.origin}/callback?**`);
  t.match(await tab.textContent('body'), 'signed in as');
  await tab.goto(party.origin);
  await tab.waitForURL(`${party.origin}/callback?**`);
  t.match(await tab.textContent('body'), 'signed in as', 'asked once');
  party.ask = { prompt: 'none', scope: 'openid email phone' };
  await tab.goto(party.origin);
  await tab.waitForURL(`${party.origin}/callback?**`);
  t.match(await tab.textContent('body'), 'failed: consent_required', 'not for more');
  t.strictSame(violations, []);
});
