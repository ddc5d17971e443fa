/** An unmodified third party, Debian's Apache with mod_auth_openidc, as an application in a real browser and as a resource server. */
import t, { type Test } from 'tap';
import { startApache } from '../../support/apache.ts';
import { password } from '../../support/authority.ts';
import { openCertificateFolder } from '../../support/certificates.ts';
import { startChromium } from '../../support/chromium.ts';
import { eventually } from '../../support/eventually.ts';
import { freePort } from '../../support/freePort.ts';
import { startNginx } from '../../support/nginx.ts';
import { startIssuer } from '../../support/oauthClients.ts';

const alice = 'alice@example.com';

/** nginx ends TLS for the authority. Returns the certificate to trust. */
async function startTls(t: Test, port: number, httpPort: number): Promise<Buffer> {
  const folder = await openCertificateFolder();
  t.teardown(() => folder.remove());
  const ca = await folder.newCa();
  const { certificate, key } = await ca.issue('DNS:localhost');
  await folder.write('server.pem', certificate);
  await folder.write('server.key', key);
  const nginx = await startNginx(`server {
    listen 127.0.0.1:${port} ssl;
    ssl_certificate ${folder.path('server.pem')};
    ssl_certificate_key ${folder.path('server.key')};
    location / {
      proxy_pass http://127.0.0.1:${httpPort};
      proxy_set_header Host $http_host;
      proxy_set_header X-Forwarded-For $remote_addr;
    }
  }`);
  t.teardown(() => nginx.stop());
  return ca.certificate;
}

t.test('Apache signs users in, is told of their logout, and asks about tokens', async (t) => {
  const [port, tlsPort] = [await freePort(), await freePort()];
  const issuer = `https://localhost:${tlsPort}`;
  const opened = await startIssuer(t, { env: { ISSUER: issuer, TRUSTED_PROXIES: '127.0.0.1' } });
  const { client, register, login, call } = opened;
  const ca = await startTls(t, tlsPort, opened.httpPort);
  const { user_id: userId } = (await register(alice)).body;
  const at = `http://localhost:${port}`;
  const app = await client('apache', {
    kind: 'app',
    redirectUris: [`${at}/app/callback`],
    postLogoutRedirectUris: [`${at}/bye/`],
    backchannelLogoutUri: `${at}/app/callback?logout=backchannel`,
  });
  const resource = await client('orders', { permissions: ['tokens.introspect'], audiences: ['countersign'] });
  await startApache(t, { port, issuer, ca, app, resource });
  const browser = await startChromium();
  t.teardown(() => browser.close());
  const tab = await (await browser.newContext({ locale: 'en-GB', ignoreHTTPSErrors: true })).newPage();
  const signIn = async () => {
    await tab.waitForURL(`${issuer}/sign-in?**`);
    await tab.getByLabel('E-mail').fill(alice);
    await tab.getByLabel('Password').fill(password);
    await tab.getByRole('button', { name: 'Sign in', exact: true }).click();
    await tab.waitForURL(`${at}/app/`);
  };

  const told = async () => {
    const { body } = await opened.operationsPort('GET', '/metrics');
    return Number(
      /^countersign_messages_total\{channel="client",outcome="sent"\} (\d+)$/m.exec(body)?.[1] ?? 0,
    );
  };

  await tab.goto(`${at}/app/`);
  await signIn();
  t.match(await tab.textContent('body'), `app ${userId}`);
  t.match(await tab.textContent('body'), alice);

  await t.test('the user logs out there', async (t) => {
    await tab.goto(`${at}/app/callback?logout=${encodeURIComponent(`${at}/bye/`)}`);
    await tab.waitForURL(`${at}/bye/**`);
    await tab.goto(`${at}/app/`);
    await signIn();
    t.match(await tab.textContent('body'), userId, 'asked for the password again');
  });

  await t.test('the user logs out elsewhere', async (t) => {
    const { access_token: token } = await login(alice);
    await tab.goto(`${at}/app/`);
    t.match(await tab.textContent('body'), userId, 'remembered by Apache');
    const before = await told();
    t.equal((await call('POST', '/auth/logout-all', { token })).status, 204);
    // Apache, visited while it handles this, would keep what it is about to delete.
    await eventually('Apache was told', async () => (await told()) === before + 1);
    await tab.goto(`${at}/app/`);
    await tab.waitForURL(`${issuer}/sign-in?**`);
  });

  await t.test('a resource server', async (t) => {
    const ask = async (token: string) => {
      const answer = await fetch(`${at}/api/`, { headers: { authorization: `Bearer ${token}` } });
      return { status: answer.status, text: await answer.text() };
    };
    const { access_token: token } = await login(alice);
    t.match(await ask(token), { status: 200, text: `api ${userId}` });
    t.equal((await ask('x')).status, 401);
    t.equal((await call('POST', '/auth/logout', { token })).status, 204);
    t.equal((await ask(token)).status, 401, 'in the first request after the answer');
  });
});
