/** Providers that lie, and browsers that were led somewhere: attempts that end with no session. */
import t from 'tap';
import { claimsOf } from '../../support/clients.ts';
import { startOidcProvider } from '../../support/oidcProvider.ts';
import { createVisitor } from '../../support/providerJourney.ts';
import { entryOf, newIssuer, startAt, startWithProvider } from '../../support/providerSignIn.ts';
import { createShiftedClock } from '../../support/shiftedClock.ts';

const atCallback = ({ pathname }: URL) => pathname.endsWith('/callback');
const invalidAttempt = /began in another browser/;
const notConfirmed = /did not confirm who you are/;

/** Up to the address that the provider sends the browser back to, which is not asked for. */
async function upToCallback(issuer: string, visitor = createVisitor(), name = 'acme') {
  const { url } = await visitor.visit(`${issuer}/auth/providers/${name}/start`, atCallback);
  return { url, visitor };
}

t.test('the callback belongs to the browser that started', async (t) => {
  const { issuer } = await startWithProvider(t);
  const { url, visitor } = await upToCallback(issuer);
  const another = createVisitor();
  for (const [what, browser] of [
    ['without a cookie', another],
    ['with the cookie of another attempt', (await upToCallback(issuer)).visitor],
  ] as const) {
    const { status, body } = await browser.visit(url.href);
    t.match([status, body], [400, invalidAttempt], what);
  }
  const [[name, value] = ['', '']] = visitor.cookies(issuer);
  another.setCookie(issuer, name, `${value.slice(0, -4)}AAAA`);
  t.equal((await another.visit(url.href)).status, 400, 'with a cookie that was changed');
  another.setCookie(issuer, name, 'x');
  t.equal((await another.visit(url.href)).status, 400, 'with one of nonsense');
  const made = Buffer.from(JSON.stringify(['x'.repeat(43), 'acme', Date.now(), null, null, null]));
  another.setCookie(issuer, name, made.toString('base64url'));
  t.equal((await another.visit(url.href)).status, 400, 'with one that nobody but us could make');
  t.equal((await visitor.visit(url.href)).status, 200, 'the owner goes on');
});

t.test('a state is used once', async (t) => {
  const { issuer } = await startWithProvider(t);
  const { url, visitor } = await upToCallback(issuer);
  t.equal((await visitor.visit(url.href)).status, 200);
  t.match(await visitor.visit(url.href), { status: 400, body: invalidAttempt }, 'again');
  const { url: denied, visitor: other } = await upToCallback(issuer);
  denied.searchParams.delete('code');
  denied.searchParams.set('error', 'access_denied');
  t.equal((await other.visit(denied.href)).status, 403);
  t.equal((await other.visit(denied.href)).status, 400, 'also a refused one');
});

t.test('parameters of the callback', async (t) => {
  const { issuer, log } = await startWithProvider(t);
  const changed = async (change: (url: URL) => void) => {
    const { url, visitor } = await upToCallback(issuer);
    change(url);
    return visitor.visit(url.href);
  };
  const { url: other } = await upToCallback(issuer);
  const code = other.searchParams.get('code') ?? '';
  const state = other.searchParams.get('state') ?? '';
  for (const [what, change, status, text] of [
    ['no state', (url) => url.searchParams.delete('state'), 400, invalidAttempt],
    ['another state', (url) => url.searchParams.set('state', state), 400, invalidAttempt],
    ['two states', (url) => url.searchParams.append('state', state), 400, invalidAttempt],
    ['no code', (url) => url.searchParams.delete('code'), 403, notConfirmed],
    ['a code of another attempt', (url) => url.searchParams.set('code', code), 403, notConfirmed],
    ['two codes', (url) => url.searchParams.append('code', code), 403, notConfirmed],
    ['another issuer', (url) => url.searchParams.set('iss', 'https://evil.example'), 403, notConfirmed],
    ['no issuer', (url) => url.searchParams.delete('iss'), 403, notConfirmed],
    ['code and error', (url) => url.searchParams.set('error', 'server_error'), 403, notConfirmed],
  ] as const satisfies readonly (readonly [string, (url: URL) => void, number, RegExp])[]) {
    const { status: found, body } = await changed(change);
    t.match([found, body], [status, text], what);
  }
  t.notMatch(log(), code, 'no code is logged');
});

t.test('an answer of one provider is none of another (mix-up)', async (t) => {
  const at = await newIssuer();
  const one = await startOidcProvider(t, { redirectUris: [at.callbackOf('one')] });
  const two = await startOidcProvider(t, { redirectUris: [at.callbackOf('two')] });
  await startAt(t, at, [entryOf('one', one), entryOf('two', two)]);
  const { url, visitor } = await upToCallback(at.issuer, createVisitor(), 'one');
  const elsewhere = url.href.replace('/one/', '/two/');
  t.match(await visitor.visit(elsewhere), { status: 400, body: invalidAttempt });
});

t.test('a provider that says it is another', async (t) => {
  const played = { saysIssuer: 'https://evil.example' };
  const { signIn, acme } = await startWithProvider(t, { played });
  t.match(await signIn(), { status: 403, body: notConfirmed }, 'in the address');
  acme.metadata = (metadata) => ({ ...metadata, issuer: 'https://evil.example' });
  t.equal((await signIn()).status, 403, 'the metadata that are known count');
});

t.test('`iss` of the ID token counts where the address has none', async (t) => {
  const played = { saysIssuer: 'https://evil.example' };
  const { issuer, acme } = await startWithProvider(t, { played });
  acme.metadata = ({ authorization_response_iss_parameter_supported: _, ...metadata }) => metadata;
  const { url, visitor } = await upToCallback(issuer);
  url.searchParams.delete('iss');
  t.match(await visitor.visit(url.href), { status: 403, body: notConfirmed });
});

t.test('metadata of another issuer, and addresses without TLS, are not used', async (t) => {
  for (const [change, logged] of [
    [{ issuer: 'https://evil.example' }, /metadata issuer does not match/],
    [{ token_endpoint: 'http://evil.example/token' }, /an address of the provider is not https/],
    [{ jwks_uri: 'http://evil.example/jwks' }, /an address of the provider is not https/],
  ] as const) {
    const { signIn, acme, log } = await startWithProvider(t);
    acme.metadata = (metadata) => ({ ...metadata, ...change });
    t.equal((await signIn()).status, 503, JSON.stringify(change));
    t.match(log(), logged);
  }
});

t.test('rotated keys: after at most one refusal the new ones count, and no others', async (t) => {
  const { signIn, acme } = await startWithProvider(t);
  t.equal((await signIn()).status, 200);
  acme.rotateKeys();
  t.equal((await signIn()).status, 503, 'these keys are not known yet');
  t.equal((await signIn()).status, 200);
  const { jwks_uri: own } = acme.metadata({ jwks_uri: `${acme.issuer}/jwks` }) as { jwks_uri: string };
  const foreign = await startOidcProvider(t, { redirectUris: ['http://127.0.0.1:1/x'] });
  acme.metadata = (metadata) => ({ ...metadata, jwks_uri: own.replace(acme.issuer, foreign.issuer) });
  acme.rotateKeys();
  for (let tries = 0; tries < 3; tries += 1) t.not((await signIn()).status, 200, 'signed by keys of nobody');
});

t.test('a handle works once, soon, and in its browser', async (t) => {
  const clock = createShiftedClock();
  const { arrive, complete, issuer } = await startWithProvider(t, { clock });
  const visitor = createVisitor();
  const handleOf = async (browser = visitor) => (await arrive(browser)).url.searchParams.get('handle') ?? '';
  const refused = { status: 400, body: { code: 'invalid_attempt' } };

  const handle = await handleOf();
  t.match(await complete(createVisitor(), handle), refused, 'in a browser without the cookie');
  const victim = createVisitor();
  await handleOf(victim);
  t.match(await complete(victim, handle), refused, 'in a browser with an attempt of its own (login CSRF)');
  t.equal((await complete(visitor, handle)).status, 200, 'nothing was used up by that');
  t.match(await complete(visitor, handle), refused, 'again');
  t.match(await complete(visitor, 'ot_x'), refused);

  const both = await handleOf();
  const answers = await Promise.all([1, 2, 3].map(() => complete(visitor, both)));
  t.equal(answers.filter(({ status }) => status === 200).length, 1, 'of several at once, one');

  const late = await handleOf();
  clock.shift(60_001);
  t.match(await complete(visitor, late), refused, 'after a minute');
  const { url, visitor: slow } = await upToCallback(issuer);
  clock.shift(10 * 60_000);
  t.match(await slow.visit(url.href), { status: 400, body: invalidAttempt }, 'after ten minutes');
});

t.test('a user who refuses, and a provider that does not answer', async (t) => {
  const { signIn, acme, issuer } = await startWithProvider(t);
  acme.refuses = true;
  t.match(await signIn(), { status: 403, body: notConfirmed });
  const visitor = createVisitor();
  const app = ({ pathname }: URL) => pathname === '/app';
  const { url } = await visitor.visit(`${issuer}/auth/providers/acme/start?handle_to=/app`, app);
  t.equal(url.hash, '#provider_error=provider_refused', 'a page of the application is told');
  acme.refuses = false;
  const { url: callback, visitor: browser } = await upToCallback(issuer);
  acme.stop();
  t.equal((await browser.visit(callback.href)).status, 503);
  t.equal((await signIn()).status, 503, 'and none of its metadata');
});

t.test('where a browser may be sent', async (t) => {
  const { issuer, call } = await startWithProvider(t);
  const start = (query: string) =>
    fetch(`${issuer}/auth/providers/acme/start?${query}`, { redirect: 'manual' });
  for (const path of ['/', '/app', '/app/%2F%2Fx?a=b&c=https://x.example', '/oauth2/authorize?client_id=x'])
    t.equal((await start(new URLSearchParams({ return_to: path }).toString())).status, 303, path);
  for (const path of [
    ...['https://evil.example', '//evil.example', '/\\evil.example', '\\\\evil.example', 'app', ''],
    ...['/a\\b', '/a b', '/a\r\nset-cookie: x', '/a\0', '/ä', '/a#b', '/a"b', ' /a', '/\t/evil.example'],
    `/${'x'.repeat(2_600)}`,
  ])
    for (const member of ['return_to', 'handle_to'])
      t.equal((await start(new URLSearchParams({ [member]: path }).toString())).status, 400, path);
  t.equal((await start('return_to=/a&handle_to=/b')).status, 400, 'both');
  t.equal((await start('return_to=/a&return_to=/b')).status, 400, 'two');
  t.equal((await start('x=y')).status, 400, 'an unknown one');
  t.equal((await call('GET', '/auth/providers/nobody/start')).status, 404);
  t.equal((await call('GET', '/auth/providers/__proto__/start')).status, 404);
});

t.test('the page that completes it', async (t) => {
  const { arrive, issuer, call } = await startWithProvider(t);
  const visitor = createVisitor();
  const { url } = await arrive(visitor, 'acme', '?return_to=/app');
  const page = await fetch(url);
  t.match(page.headers.get('content-security-policy'), "default-src 'none'");
  const post = (headers: Readonly<Record<string, string>>) =>
    visitor.fetch(`${issuer}/sign-in/provider`, {
      method: 'POST',
      headers: { 'content-type': 'application/x-www-form-urlencoded', ...headers },
      body: new URLSearchParams({ handle: url.searchParams.get('handle') ?? '' }).toString(),
    });
  for (const site of ['cross-site', 'same-site', 'none'])
    t.equal((await post({ 'sec-fetch-site': site })).status, 403, site);
  t.equal((await post({})).status, 403, 'of a browser that does not say');
  t.equal((await post({ origin: 'https://evil.example' })).status, 403);
  const done = await post({ 'sec-fetch-site': 'same-origin' });
  t.match([done.status, await done.text()], [200, /content="0;url=\/app"/]);
  const [refresh] = done.headers.getSetCookie().filter((cookie) => cookie.includes('refresh'));
  t.match(refresh, /^__Host-countersign-refresh=rt_[^;]+; .*SameSite=Strict$/);
  t.equal([...visitor.cookies(issuer).keys()].join(), '__Host-countersign-refresh', 'the attempt is gone');
  const again = await call('GET', '/sign-in/provider?handle=<script>');
  t.match([again.status, again.headers.get('content-type')], [400, /^text\/html/]);
  t.notMatch(again.body, '<script>');
});

t.test('nothing that opens something is logged', async (t) => {
  const { arrive, complete, log, acme } = await startWithProvider(t);
  const visitor = createVisitor();
  const { url } = await arrive(visitor);
  const handle = url.searchParams.get('handle') ?? '';
  const { body } = await complete(visitor, handle);
  t.ok(claimsOf(body.access_token).sub);
  for (const secret of [handle, acme.clientSecret, body.refresh_token]) t.notMatch(log(), secret);
});
