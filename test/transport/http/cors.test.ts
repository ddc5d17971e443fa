/** Which origins may read what (H8): exactly the listed ones, with the cookie; keys and metadata anybody, without. */
import t from 'tap';
import { startAuthority } from '../../support/authority.ts';
import type { Answer } from '../../support/clients.ts';

const listed = 'https://app.example.com';
const other = 'http://localhost:3000';
const preflight = {
  'access-control-request-method': 'POST',
  'access-control-request-headers': 'content-type,countersign-csrf',
};

/** What the answer says about CORS. */
function corsOf({ headers }: Answer): Readonly<Record<string, string>> {
  const names = [...headers].filter(([name]) => name.startsWith('access-control-') || name === 'vary');
  return Object.fromEntries(names);
}

const mayRead = (origin: string) => ({
  'access-control-allow-credentials': 'true',
  'access-control-allow-origin': origin,
  'access-control-expose-headers':
    'dpop-nonce, ratelimit, ratelimit-policy, retry-after, www-authenticate, x-request-id',
  vary: 'Origin',
});

t.test('off by default', async (t) => {
  const authority = await startAuthority();
  t.teardown(() => authority.stop());
  const { call } = authority;
  for (const origin of [listed, 'http://127.0.0.1:8080', 'null']) {
    t.strictSame(corsOf(await call('GET', '/auth/me', { headers: { origin } })), {}, origin);
    const asked = await call('OPTIONS', '/auth/login', { headers: { origin, ...preflight } });
    t.strictSame([asked.status, corsOf(asked)], [404, {}], `preflight of ${origin}`);
  }
});

t.test('only what is listed may read, compared as exact text', async (t) => {
  const authority = await startAuthority({ env: { CORS_ORIGINS: `${listed},${other}` } });
  t.teardown(() => authority.stop());
  const { call } = authority;
  await authority.register('alice@example.com');
  const { access_token: token } = await authority.login('alice@example.com');

  for (const origin of [listed, other]) {
    for (const [name, answer] of [
      ['an answer', await call('GET', '/auth/me', { token, headers: { origin } })],
      ['401', await call('GET', '/auth/me', { headers: { origin } })],
      ['400', await call('POST', '/auth/login', { body: {}, headers: { origin } })],
      ['403', await call('POST', '/auth/login?cookie', { body: {}, headers: { origin } })],
      [
        '415',
        await call('POST', '/auth/login', { body: 'x', headers: { origin, 'content-type': 'text/plain' } }),
      ],
      ['404', await call('GET', '/auth/nothing', { headers: { origin } })],
    ] as const) {
      t.strictSame(corsOf(answer), mayRead(origin), `${origin}: ${name} ${answer.status}`);
    }
    const asked = await call('OPTIONS', '/auth/refresh', { headers: { origin, ...preflight } });
    t.equal(asked.status, 204);
    t.strictSame(corsOf(asked), {
      'access-control-allow-credentials': 'true',
      'access-control-allow-headers':
        'authorization, content-type, countersign-csrf, dpop, countersign-reason',
      'access-control-allow-methods': 'GET, POST, DELETE',
      'access-control-allow-origin': origin,
      'access-control-max-age': '600',
      vary: 'Origin',
    });
  }

  for (const origin of [
    'null',
    '*',
    '',
    'https://evil.example',
    'https://app.example.com.evil.example',
    'https://evil-app.example.com',
    'https://evilapp.example.com',
    'https://app.example.com:8443',
    'https://app.example.com:443',
    'https://app.example.com/',
    'https://app.example.com@evil.example',
    'https://APP.example.com',
    'https://app.example.comx',
    'https://app.example.co',
    'https://appxexample.com',
    'https://sub.app.example.com',
    'http://app.example.com',
    'http://localhost',
    'http://localhost:30000',
    `${listed}, ${other}`,
    `${listed},${other}`,
    `${listed} ${other}`,
    'https://app.example.com%60.evil.example',
    'https://app.example.com_.evil.example',
    // The own origin needs none.
    'http://127.0.0.1:8080',
  ]) {
    const answer = await call('GET', '/auth/me', { token, headers: { origin } });
    t.strictSame([answer.status, corsOf(answer)], [200, { vary: 'Origin' }], `"${origin}" reads nothing`);
    const asked = await call('OPTIONS', '/auth/login', { headers: { origin, ...preflight } });
    t.strictSame([asked.status, corsOf(asked)], [404, { vary: 'Origin' }], `"${origin}" is not let in`);
  }
  const without = await call('GET', '/auth/me', { token });
  t.strictSame(corsOf(without), { vary: 'Origin' }, 'a cache gives it to no other origin');
  const noPreflight = await call('OPTIONS', '/auth/me', { headers: { origin: listed } });
  t.equal(noPreflight.status, 404, 'OPTIONS is for preflights only');
});

t.test('keys and metadata are for everybody, without cookies; the rest is for nobody', async (t) => {
  for (const env of [{}, { CORS_ORIGINS: listed }]) {
    const authority = await startAuthority({ env });
    t.teardown(() => authority.stop());
    for (const origin of [listed, 'https://evil.example', 'null']) {
      for (const path of ['jwks.json', 'oauth-authorization-server', 'openid-configuration']) {
        const answer = await authority.call('GET', `/.well-known/${path}`, { headers: { origin } });
        t.strictSame(corsOf(answer), { 'access-control-allow-origin': '*' }, `${path} for ${origin}`);
      }
      for (const path of ['/health/ready', '/docs/json', '/nothing', '/authx']) {
        t.strictSame(
          corsOf(await authority.call('GET', path, { headers: { origin } })),
          {},
          `${path} for ${origin}`,
        );
      }
    }
    const { headers } = await authority.call('GET', '/.well-known/jwks.json');
    const again = await authority.call('GET', '/.well-known/jwks.json', {
      headers: { 'if-none-match': headers.get('etag') ?? '' },
    });
    t.strictSame([again.status, corsOf(again)], [304, { 'access-control-allow-origin': '*' }]);
  }
});
