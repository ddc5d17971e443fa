/** Budgets of requests over HTTP: whose they are, what is told of them, and who is believed about an address (L3, H13). */
import { createConnection } from 'node:net';
import { type Clock, systemClock } from '@countersign/verifier/clock';
import t, { type Test } from 'tap';
import { loginLimits } from '../../../src/login/limits.ts';
import type { RateScope } from '../../../src/platform/rateCounters.ts';
import { rateBudgets } from '../../../src/rateBudgets.ts';
import { openEngine, type PostgresEngine } from '../../../src/storage/postgres/engine.ts';
import { password, startAuthority } from '../../support/authority.ts';
import { withCookie } from '../../support/browserPage.ts';
import type { Answer, HttpCall } from '../../support/clients.ts';
import { behindProxy, brief, from, triesAt } from '../../support/loginTries.ts';
import { operator } from '../../support/oauthClients.ts';

type LimitedOperation = keyof typeof rateBudgets;
const limitedOperations = Object.keys(rateBudgets) as LimitedOperation[];

/** A tenth of each: a test need not make a thousand requests. */
const tenth = { RATE_LIMITS: '0.1' };
const budget = (operation: LimitedOperation, scope: RateScope) =>
  Math.max(1, Math.round(rateBudgets[operation][scope] / 10));

async function start(t: Test, env: Readonly<Record<string, string>> = {}) {
  const authority = await startAuthority({ env: { ...tenth, ...behindProxy, ...env } });
  t.teardown(() => authority.stop());
  return { ...authority, ...triesAt(authority) };
}

const limitedWords = ['rate_limited', 'temporarily_unavailable'];

/** How many are answered before one is limited, and that one. */
async function untilLimited(call: (number: number) => Promise<Answer>) {
  for (let count = 0; count < 1_000; count += 1) {
    const answer = await call(count);
    // At /oauth2/ the word is another one.
    const { code, error } = answer.body;
    // And pages say it to the user.
    const isPage = typeof answer.body === 'string' && answer.body.includes('role="alert"');
    if (answer.status === 429 && (isPage || [code, error].some((word) => limitedWords.includes(word))))
      return { count, answer };
  }
  throw new Error('nothing is limited');
}

t.test('one address, whatever it asks about', async (t) => {
  const { wrong, call, operations, log } = await start(t);
  const { count, answer } = await untilLimited((number) => wrong('192.0.2.1', `nobody${number}@example.com`));
  t.equal(count, budget('login', 'address'));
  t.match(answer.body, {
    type: 'urn:countersign:error:rate_limited',
    status: 429,
    code: 'rate_limited',
    detail: /^Too many requests from this address; try again in \d+ s\.$/,
  });
  t.match(answer.headers.get('content-type'), /^application\/problem\+json/);
  const seconds = Number(answer.headers.get('retry-after'));
  t.ok(seconds >= 1 && seconds <= 60, `${seconds}`);
  t.equal(answer.headers.get('ratelimit-policy'), `"address";q=${count};w=60`);
  t.equal(answer.headers.get('ratelimit'), `"address";r=0;t=${seconds}`);
  t.match((await wrong('192.0.2.2')).status, 401, 'another address');
  t.equal((await call('POST', '/auth/login', { headers: from('192.0.2.1'), body: 'no JSON' })).status, 429);
  const metrics = (await operations('GET', '/metrics')).body;
  t.match(metrics, /countersign_refusals_total\{code="rate_limited",reason="login_address"\} 2/);
  t.match(log(), /"reason":"login_address"/);
});

t.test('what is left is told', async (t) => {
  const { wrong } = await start(t);
  const { headers } = await wrong('192.0.2.1');
  const [address, account] = [budget('login', 'address'), budget('login', 'account')];
  t.equal(headers.get('ratelimit-policy'), `"address";q=${address};w=60, "account";q=${account};w=60`);
  t.equal(headers.get('ratelimit'), `"address";r=${address - 1};t=60, "account";r=${account - 1};t=60`);
});

type Ask = (number: number) => Promise<Answer>;

/** A request of an application that asks its users first, and the cookie of a browser. */
async function anAuthorization({
  authority: { operations },
  call,
}: Awaited<ReturnType<typeof startAuthority>>) {
  const callback = 'https://shop.example/callback';
  const usual = { permissions: [], audiences: [], scopes: [], redirectUris: [callback] };
  const { id } = await operations.createClient({ ...usual, name: 'shop', kind: 'third_party' }, operator);
  const asked = new URLSearchParams({
    ...{ client_id: id, redirect_uri: callback, response_type: 'code' },
    ...{ code_challenge: 'x'.repeat(43), code_challenge_method: 'S256' },
  });
  const { body } = await call('GET', `/oauth2/authorize?${asked}`, { headers: from('10.98.0.1') });
  const [, request = ''] = /authorize\/resume\?request=([\w-]+)/.exec(String(body)) ?? [];
  const alice = { email: 'alice@example.com', password };
  const { refreshToken: cookie } = await operations.login(alice, { name: 'user' });
  return { request, cookie };
}

/** Uses up each budget of one operation in turn: with as little as is counted for it, so that nothing else is used up before. */
function waysTo(
  call: HttpCall,
  tokens: { readonly accessToken: string; readonly refreshToken: string },
  serviceToken: string,
  { request, cookie }: Awaited<ReturnType<typeof anAuthorization>>,
) {
  const post = (path: string, body?: unknown, token?: string) => (address: string) =>
    call('POST', path, {
      headers: from(address),
      ...(body === undefined ? {} : { body }),
      ...(token === undefined ? {} : { token }),
    });
  const read = (token?: string) => (address: string) =>
    call('GET', '/auth/sessions', { headers: from(address), ...(token === undefined ? {} : { token }) });
  const guess = { current_password: 'wrong', new_password: 'short' };
  const login = (email: string) => post('/auth/login', { email, password: 'wrong' });
  const register = (email: string, password: string) => post('/auth/register', { email, password });
  const recover = (email: string) => post('/auth/recovery', { email });
  const refresh = (token: string) => post('/auth/refresh', { refresh_token: token });
  const chain = { before: '', latest: tokens.refreshToken };
  /** Only what advances a session is counted for it. */
  const goOn = async (address: string) => {
    const answer = await refresh(chain.latest)(address);
    if (answer.status === 200)
      Object.assign(chain, { before: chain.latest, latest: answer.body.refresh_token });
    return answer;
  };
  const asClient = (id: string) => (address: string) =>
    call('POST', '/oauth2/token', {
      body: new URLSearchParams({ grant_type: 'client_credentials', client_id: id }).toString(),
      headers: { 'content-type': 'application/x-www-form-urlencoded', ...from(address) },
    });
  const resume = (sealed: string, refreshToken: string) => (address: string) =>
    call('GET', `/oauth2/authorize/resume?request=${sealed}`, {
      headers: { ...from(address), ...withCookie(refreshToken) },
    });
  /** What comes from somewhere, what is for somebody, and what might succeed. */
  const ways = {
    login: [login('no address'), login('bob@example.com'), (n: number) => login(`x${n}@example.com`)],
    register: [
      register('no address', password),
      register('carol@example.com', 'too short'),
      (n: number) => register(`n${n}@example.com`, password),
    ],
    refresh: [refresh('rt_x'), goOn, () => goOn],
    factor: [
      post('/auth/login/factor', { login_token: 'x', totp: '000000' }),
      post('/auth/step-up/start', { factor: 'totp' }, tokens.accessToken),
      () => post('/auth/step-up/start', { factor: 'totp' }, tokens.accessToken),
    ],
    factors: [
      post('/auth/factors/totp'),
      post('/auth/factors/recovery-codes', undefined, tokens.accessToken),
      () => post('/auth/factors/recovery-codes', undefined, tokens.accessToken),
    ],
    passkey_options: [
      post('/auth/login/passkey/options', {}),
      post('/auth/factors/passkeys/options', {}, tokens.accessToken),
      () => post('/auth/factors/passkeys/options', {}, tokens.accessToken),
    ],
    password: [
      post('/auth/password', guess),
      post('/auth/password', guess, tokens.accessToken),
      () => post('/auth/password', guess, tokens.accessToken),
    ],
    mail: [recover('no address'), recover('bob@example.com'), (n: number) => recover(`m${n}@example.com`)],
    code_login: [
      post('/auth/login/code/start', { email: 'no address' }),
      post('/auth/login/code/start', { email: 'bob@example.com' }),
      (n: number) => post('/auth/login/code/start', { email: `c${n}@example.com` }),
    ],
    provider: [
      post('/auth/providers/x/link'),
      post('/auth/providers/x/link', undefined, tokens.accessToken),
      () => post('/auth/providers/x/link', undefined, tokens.accessToken),
    ],
    phone: [
      post('/auth/phone/verify', { code: '000000' }),
      post('/auth/phone/verify', { code: '000000' }, tokens.accessToken),
      () => post('/auth/phone/verify', { code: '000000' }, tokens.accessToken),
    ],
    links: [
      post('/auth/email/verify', { token: 'unknown' }),
      post('/auth/email/verify', { code: '000000' }, tokens.accessToken),
      () => post('/auth/email/verify', { code: '000000' }, tokens.accessToken),
    ],
    authorize: [resume('x', cookie), resume(request, cookie), () => resume(request, cookie)],
    sessions: [
      post('/auth/logout-others'),
      post('/auth/logout-others', undefined, tokens.accessToken),
      () => post('/auth/logout-others', undefined, tokens.accessToken),
    ],
    oauth: [
      post('/oauth2/global-token-revocation', { sub_id: { format: 'email' } }, 'x'),
      asClient('x'),
      (n: number) => asClient(`x${n}`),
    ],
    api: [
      post('/api/KeyService/ListKeys'),
      post('/api/KeyService/ListKeys', undefined, serviceToken),
      () => post('/api/KeyService/ListKeys', undefined, serviceToken),
    ],
    reads: [read(), read(tokens.accessToken), () => read(tokens.accessToken)],
  } as const satisfies Record<LimitedOperation, unknown>;
  return { ways, chain };
}

for (const [rateLimits, tried] of [
  [0.1, ['address', 'account']],
  // Of these there are many for each of the others.
  [0.002, ['network', 'global']],
] as const) {
  t.test(`each budget of each operation, by ${tried.join(' and ')}`, async (t) => {
    const authority = await startAuthority({ env: behindProxy, rateLimits });
    t.teardown(() => authority.stop());
    const { call, refresh } = authority;
    const { operations } = authority.authority;
    const alice = { email: 'alice@example.com', password };
    await operations.register(alice, { name: 'operator' });
    const tokens = await operations.login(alice, { name: 'user' });
    const authorization = await anAuthorization(authority);
    const { ways, chain } = waysTo(call, tokens, authority.serviceToken, authorization);

    for (const [index, operation] of limitedOperations.entries()) {
      const [fromSomewhere, forSomebody, forAnybody] = ways[operation];
      const asks: Readonly<Record<RateScope, Ask>> = {
        address: () => fromSomewhere(`10.${index}.0.1`),
        network: (number) => fromSomewhere(`10.${index}.1.${number}`),
        account: () => forSomebody(`10.${index}.2.1`),
        global: (number) => forAnybody(number)(`10.${64 + 8 * index + (number >> 8)}.${number & 255}.1`),
      };
      for (const scope of tried) {
        const reason = `${operation}_${scope}`;
        const { count, answer } = await untilLimited(asks[scope]);
        // Alice's own logins were counted for everybody together.
        const before = operation === 'login' && scope === 'global' ? 2 : 0;
        t.equal(count, Math.max(1, Math.round(rateBudgets[operation][scope] * rateLimits)) - before, reason);
        const metrics = (await authority.operations('GET', '/metrics')).body;
        t.match(metrics, `countersign_refusals_total{code="rate_limited",reason="${reason}"} 1\n`);
        t.ok(Number(answer.headers.get('retry-after')) >= 1);
        const policy = answer.headers.get('ratelimit-policy');
        t.notMatch(policy, /network|global/, 'of neighbours and all together, nothing is told');
      }
    }
    t.equal((await call('GET', '/.well-known/jwks.json')).status, 200, 'nothing else is limited');
    if (rateLimits < 0.1) return;
    const { status, body } = await refresh(chain.before, from('10.99.0.1'));
    t.match(
      [status, body.refresh_token],
      [200, chain.latest],
      'who lost the last answer is not kept waiting',
    );
  });
}

/** Alice has logged in at home; at a two-hundredth, all have thirty logins together, hers included. */
async function atHome(t: Test, clock: Clock = systemClock) {
  const authority = await startAuthority({ env: behindProxy, rateLimits: 0.005, clock });
  t.teardown(() => authority.stop());
  const { operations } = authority.authority;
  const alice = { email: 'alice@example.com', password };
  await operations.register(alice, { name: 'operator' });
  await operations.login(alice, { name: 'user', ip: '192.0.2.1' });
  const refused = async (reason: string) => {
    const metrics = String((await authority.operations('GET', '/metrics')).body);
    return Number(new RegExp(`reason="${reason}"} (\\d+)`).exec(metrics)?.[1] ?? 0);
  };
  // Alice's login at home was one of all.
  return { ...triesAt(authority), refused, all: Math.round(rateBudgets.login.global * 0.005) - 1 };
}

t.test(
  'many sites that use up what all have together keep out strangers, not the owner at home',
  async (t) => {
    const { right, wrong, refused, all } = await atHome(t);
    const { count } = await untilLimited((number) => wrong(`10.${number}.0.1`, `x${number}@example.com`));
    t.equal(count, all);
    t.equal(await refused('login_global'), 1);
    t.equal(brief(await right('192.0.2.2')), '200', 'at home');
    const tries = loginLimits.passwordFailuresFree + 1;
    for (let number = 0; number < tries; number += 1)
      t.equal((await right(`198.51.${number}.1`)).status, 429, 'elsewhere');
    t.equal(await refused('login_global'), 1 + tries, 'for this reason: it is no wrong password');
  },
);

t.test('who has to wait after wrong passwords takes nothing from all, nor who is at home', async (t) => {
  const now = Date.now();
  const { right, wrong, refused, all } = await atHome(t, { ...systemClock, now: () => now });
  const { passwordFailuresFree: free } = loginLimits;
  for (let number = 0; number < free; number += 1) t.equal((await wrong(`10.0.${number}.1`)).status, 401);
  for (let number = 0; number < all; number += 1) await wrong(`10.1.${number}.1`);
  t.equal(await refused('password_delay'), all);
  for (const address of ['192.0.2.2', '192.0.2.3']) t.equal((await right(address)).status, 200);
  const { count } = await untilLimited((number) => wrong(`10.2.${number}.1`, `x${number}@example.com`));
  t.equal(count, all - free);
  t.equal(await refused('login_global'), 1);
});

t.test('who uses up a budget of his own uses up no other', async (t) => {
  const { wrong, operations } = await start(t);
  await untilLimited((number) => wrong('192.0.2.1', `nobody${number}@example.com`));
  for (let count = 0; count < 10; count += 1) await wrong('192.0.2.1', 'alice@example.com');
  const answer = await wrong('192.0.2.2', 'alice@example.com');
  t.match(answer.headers.get('ratelimit'), `"account";r=${budget('login', 'account') - 1};`);
  const metrics = (await operations('GET', '/metrics')).body;
  t.notMatch(metrics, /login_global/);
});

t.test('what is refused takes nothing from the neighbours', async (t) => {
  const { wrong } = await start(t);
  const account = budget('login', 'account');
  for (let count = 0; count < account + 2 * budget('login', 'address'); count += 1)
    t.equal((await wrong('192.0.2.1')).status, count < account ? 401 : 429);
  const { status, headers } = await wrong('192.0.2.1', 'bob@example.com');
  t.equal(status, 401);
  t.match(headers.get('ratelimit'), `"address";r=${budget('login', 'address') - account - 1};`);
});

t.test('what could not be answered takes nothing from anybody, nor from all', async (t) => {
  let opened: PostgresEngine | undefined;
  const openDatabase: typeof openEngine = async (...which) => {
    opened = await openEngine(...which);
    return opened;
  };
  const authority = await startAuthority({ env: behindProxy, rateLimits: 0.005, openDatabase });
  t.teardown(() => authority.stop());
  const { wrong } = triesAt(authority);
  const all = Math.round(rateBudgets.login.global * 0.005);
  const statuses = async () => {
    const answers = [];
    for (let number = 0; number < all; number += 1)
      answers.push((await wrong(`10.0.${number}.1`, `x${number}@example.com`)).status);
    return new Set(answers);
  };
  await opened?.prisma.$executeRawUnsafe('ALTER TABLE users RENAME COLUMN disabled_at TO gone');
  for (let time = 0; time < 2; time += 1) t.strictSame(await statuses(), new Set([503]));
  await opened?.prisma.$executeRawUnsafe('ALTER TABLE users RENAME COLUMN gone TO disabled_at');
  t.strictSame(await statuses(), new Set([401]), 'the budget of each, and of all together, is whole');
  t.strictSame(await statuses(), new Set([429]), 'what was answered counts');
});

t.test('no site has more than a tenth of what all have together', async (t) => {
  for (const operation of limitedOperations) {
    const { address, network, global } = rateBudgets[operation];
    t.ok(address <= network && network <= global / 10, operation);
  }
});

t.test('ending sessions has one budget, whichever way; a logout has none', async (t) => {
  const { call, operations, login, register } = await start(t);
  await register('alice@example.com');
  const [other, mine] = [await login('alice@example.com'), await login('alice@example.com')];
  const ask = (method: 'POST' | 'DELETE', path: string, address: string, token = mine.access_token) =>
    call(method, path, { token, headers: from(address) });
  const others = () => ask('POST', '/auth/logout-others', '10.1.0.1');
  const { count, answer } = await untilLimited(others);
  t.equal(count, budget('sessions', 'account'));
  t.match(answer.headers.get('ratelimit'), '"account";r=0;');
  const ways: ['POST' | 'DELETE', string][] = [
    ['DELETE', `/auth/sessions/${other.session_id}`],
    ['DELETE', `/auth/sessions/${mine.session_id}`],
    ['POST', '/auth/logout-all'],
  ];
  for (const [method, path] of ways) t.equal((await ask(method, path, '10.1.0.1')).status, 429, path);
  t.equal((await call('GET', '/auth/me', { token: mine.access_token })).status, 200, 'nothing has ended');
  t.equal((await ask('DELETE', `/auth/sessions/${other.session_id}`, '10.2.0.1')).status, 204, 'elsewhere');

  const stranger = await untilLimited(() => ask('POST', '/auth/logout-all', '10.3.0.1', 'x'));
  t.equal(stranger.count, budget('sessions', 'address'), 'whoever it is');
  const metrics = (await operations('GET', '/metrics')).body;
  t.match(metrics, /reason="sessions_account"\} 4\n/);
  t.match(metrics, /reason="sessions_address"\} 1\n/);

  const many = 2 * budget('sessions', 'address');
  const statuses = new Set<number>();
  for (let number = 0; number < many; number += 1)
    statuses.add((await ask('POST', '/auth/logout', '10.3.0.1')).status);
  t.strictSame(statuses, new Set([204]));
});

t.test('a site with 65,536 addresses uses up its own budget, and nobody else notices', async (t) => {
  const { call } = await start(t);
  const register = (address: string, number: number) => {
    const body = { email: `n${number}@example.com`, password: 'too short' };
    return call('POST', '/auth/register', { body, headers: from(address) });
  };
  const { count, answer } = await untilLimited((number) =>
    register(`2001:db8:5:${number.toString(16)}::1`, number),
  );
  t.equal(count, budget('register', 'network'));
  t.match(answer.body.detail, /^Too many requests from this network; try again in \d+ s\.$/);
  t.equal((await register('2001:db8:5:ffff::1', 1_000)).status, 429);
  t.equal((await register('2001:db8:6::1', 1_001)).status, 400, 'the next site');
});

t.test('what anybody can make up takes nothing from all', async (t) => {
  const { call, login, register, refresh } = await start(t);
  const refused = [
    { email: 'no address', password },
    { email: 'bob@example.com', password: 'too short' },
  ];
  for (const [index, body] of refused.entries()) {
    for (let number = 0; number <= budget('register', 'global'); number += 1)
      await call('POST', '/auth/register', { body, headers: from(`10.${number}.${index}.1`) });
  }
  t.equal((await register('alice@example.com')).status, 201);

  const { refresh_token: token } = await login('alice@example.com');
  const made = [token.replace(/.{4}$/, 'AAAA'), token.replace(/^(rt_)..../, '$1AAAA'), 'rt_x'];
  const told = new Set<string | null>();
  for (let count = 0; count <= budget('refresh', 'account'); count += 1) {
    for (const each of made) {
      const { status, body, headers } = await refresh(each, from('10.1.0.1'));
      t.match([status, body.code], [401, 'invalid_grant']);
      told.add(headers.get('ratelimit-policy'));
    }
  }
  const [address, account] = [budget('refresh', 'address'), budget('refresh', 'account')];
  t.strictSame(told, new Set([`"address";q=${address};w=60`]), 'nor from the session that it names');
  const { status, headers } = await refresh(token, from('10.1.0.1'));
  t.equal(status, 200);
  t.match(headers.get('ratelimit'), `"account";r=${account - 1};`);
});

t.test('IPv6 is counted by /64, and what is no address by all together', async (t) => {
  const { wrong } = await start(t);
  const left = async (address: string) => {
    const { headers } = await wrong(address, `x${Math.random()}@example.com`);
    return Number(/"address";r=(\d+)/.exec(headers.get('ratelimit') ?? '')?.[1]);
  };
  const full = budget('login', 'address') - 1;
  t.equal(await left('2001:db8::1'), full);
  t.equal(await left('2001:DB8:0:0:ffff::2'), full - 1);
  t.equal(await left('2001:db8:0:1::1'), full, 'the next one');
  t.equal(await left('unknown'), full);
  t.equal(await left('no address'), full - 1);
  t.equal(await left('192.0.2.1:4711'), full, 'each by itself, whatever port a proxy adds');
  t.equal(await left('192.0.2.2:4711'), full);
  t.equal(await left('192.0.2.1:4712'), full - 1);
  t.equal(await left('[2001:db8:0:2::1]:443'), full);
});

t.test('X-Forwarded-For is believed of proxies that were named, and no further than they know', async (t) => {
  const claimed = '198.51.100.9, 192.0.2.1';
  const proxies: [string, readonly [header: string, address: string][]][] = [
    ['', [[claimed, '127.0.0.1']]],
    ['10.0.0.0/8', [[claimed, '127.0.0.1']]],
    [
      '127.0.0.1,10.0.0.0/8',
      [
        ['192.0.2.1', '192.0.2.1'],
        [claimed, '192.0.2.1'],
        [`${claimed}, 10.1.1.1`, '192.0.2.1'],
        [`${claimed}, 11.1.1.1`, '11.1.1.1'],
        ['10.1.1.1', '10.1.1.1'],
      ],
    ],
  ];
  for (const [trusted, rows] of proxies) {
    const authority = await startAuthority({ env: { TRUSTED_PROXIES: trusted } });
    await authority.register('alice@example.com');
    for (const [header, address] of rows) {
      const spoofed = {
        'x-forwarded-for': header,
        'x-forwarded-host': 'evil.example',
        'x-forwarded-proto': 'https',
        forwarded: 'for=203.0.113.1;host=evil.example',
      };
      const { access_token: token } = await authority.login('alice@example.com', spoofed);
      const { body } = await authority.call('GET', '/auth/sessions', { token });
      t.equal(body.sessions[0].ip, address, `${header} by ${trusted}`);
      const path = '/.well-known/oauth-authorization-server';
      const metadata = await authority.call('GET', path, { headers: spoofed });
      t.equal(metadata.body.issuer, 'http://127.0.0.1:8080', 'the issuer is the one of the settings');
    }
    await authority.stop();
  }
});

t.test('without a proxy that is believed, an address cannot be made up', async (t) => {
  const authority = await startAuthority({ env: tenth });
  t.teardown(() => authority.stop());
  const { wrong } = triesAt(authority);
  const { count } = await untilLimited((number) => wrong(`192.0.2.${number}`, `nobody${number}@example.com`));
  t.equal(count, budget('login', 'address'));
});

t.test('an address that is over its budget is told so before its body has come', async (t) => {
  const { wrong, httpPort } = await start(t);
  await untilLimited((number) => wrong('192.0.2.1', `nobody${number}@example.com`));
  const socket = createConnection(httpPort, '127.0.0.1');
  t.teardown(() => socket.destroy());
  const head = [
    'POST /auth/login HTTP/1.1',
    'host: x',
    'x-forwarded-for: 192.0.2.1',
    'content-type: application/json',
  ];
  socket.write(`${[...head, 'content-length: 10000'].join('\r\n')}\r\n\r\n{`);
  const [answer] = (await new Promise((resolve) =>
    socket.once('data', (data) => resolve([String(data)])),
  )) as [string];
  t.match(answer, /^HTTP\/1\.1 429 /);
});

t.test('off: nothing is limited or told, but the log says so, and wrong passwords still count', async (t) => {
  const authority = await startAuthority({ env: { RATE_LIMITS: 'off' } });
  t.teardown(() => authority.stop());
  t.match(authority.log(), /"level":"warn".*RATE_LIMITS is off/);
  const { wrong } = triesAt(authority);
  const first = await wrong('192.0.2.1');
  t.notOk(first.headers.has('ratelimit') || first.headers.has('ratelimit-policy'));
  const { count, answer } = await untilLimited(() => wrong('192.0.2.1'));
  t.equal(count, loginLimits.passwordFailuresFree - 1);
  t.equal(brief(answer), '429 rate_limited again in 1');
});

t.test('with the usual settings, a person at work notices nothing', async (t) => {
  const authority = await startAuthority({ env: { RATE_LIMITS: '1' } });
  t.teardown(() => authority.stop());
  await authority.register('alice@example.com');
  const statuses = new Set<number>();
  for (let count = 0; count < 10; count += 1) {
    const tokens = await authority.login('alice@example.com');
    statuses.add((await authority.refresh(tokens.refresh_token)).status);
  }
  const token = (await authority.login('alice@example.com')).access_token;
  const body = { current_password: password, new_password: 'another horse battery staple' };
  statuses.add((await authority.call('POST', '/auth/password', { token, body })).status);
  t.strictSame(statuses, new Set([200, 204]));
});
