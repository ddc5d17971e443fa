/** Odd text in every field and header of every route (L15): no 5xx, nothing raw in an answer, and one line for one line in the log. */
import t from 'tap';
import { password, startAuthority, type TestAuthority } from '../../support/authority.ts';
import type { CallOptions } from '../../support/clients.ts';
import { naughtyStrings } from '../../support/naughtyStrings.ts';
import { rawRequest, sendRaw } from '../../support/rawHttp.ts';

const email = 'alice@example.com';

type Call = readonly [method: string, path: string, options?: CallOptions];

/** A call with this text in one place. `n`: another number for each text. */
const places = (token: string): Readonly<Record<string, (text: string, n: number) => Call>> => ({
  'register, email': (text) => ['POST', '/auth/register', { body: { email: text, password } }],
  'register, local part': (text) => [
    'POST',
    '/auth/register',
    { body: { email: `${text}@example.com`, password } },
  ],
  'register, domain': (text) => ['POST', '/auth/register', { body: { email: `a@${text}`, password } }],
  'register, password': (text, n) => [
    'POST',
    '/auth/register',
    { body: { email: `naughty${n}@example.com`, password: `${text} is a passphrase` } },
  ],
  'register, a name of a field': (text) => [
    'POST',
    '/auth/register',
    { body: { email, password, [text]: text } },
  ],
  'login, email': (text) => ['POST', '/auth/login', { body: { email: text, password } }],
  'login, password': (text) => ['POST', '/auth/login', { body: { email, password: text } }],
  'login, device_name': (text) => ['POST', '/auth/login', { body: { email, password, device_name: text } }],
  'login, device_id': (text) => ['POST', '/auth/login', { body: { email, password, device_id: text } }],
  'login, query': (text) => [
    'POST',
    `/auth/login?cookie=${encoded(text)}&${encoded(text)}=1`,
    { body: { email, password } },
  ],
  'login, all of the body': (text) => ['POST', '/auth/login', { body: text }],
  'refresh, refresh_token': (text) => ['POST', '/auth/refresh', { body: { refresh_token: text } }],
  'refresh, end of refresh_token': (text) => [
    'POST',
    '/auth/refresh',
    { body: { refresh_token: `rt_${text}`.padEnd(75, 'A').slice(0, 75) } },
  ],
  'refresh, device_id': (text) => [
    'POST',
    '/auth/refresh',
    { body: { refresh_token: 'x', device_id: text } },
  ],
  'logout, refresh_token': (text) => ['POST', '/auth/logout', { body: { refresh_token: text } }],
  'password, current_password': (text) => [
    'POST',
    '/auth/password',
    { token, body: { current_password: text, new_password: 'another horse battery' } },
  ],
  'password, new_password': (text) => [
    'POST',
    '/auth/password',
    { token, body: { current_password: 'wrong', new_password: text } },
  ],
  'me, current_password': (text) => ['DELETE', '/auth/me', { token, body: { current_password: text } }],
  'sessions, page_size': (text) => ['GET', `/auth/sessions?page_size=${encoded(text)}`, { token }],
  'sessions, page_token': (text) => ['GET', `/auth/sessions?page_token=${encoded(text)}`, { token }],
  'sessions, id': (text) => ['DELETE', `/auth/sessions/${encoded(text)}`, { token }],
  'a path': (text) => ['GET', `/auth/${encoded(text)}`, { token }],
  'a page of the documentation': (text) => ['GET', `/docs/static/${encoded(text)}`],
});

const headers = [
  'user-agent',
  'authorization',
  'cookie',
  'origin',
  'if-none-match',
  'x-request-id',
  'x-forwarded-for',
  'content-type',
  'accept',
  'countersign-csrf',
];

t.test('odd text', async (t) => {
  // Limits that are off, or a proxy without a name, would be a warning, and its log is to have none.
  const authority = await startAuthority({ env: { RATE_LIMITS: '1000', TRUSTED_PROXIES: '127.0.0.1' } });
  t.teardown(() => authority.stop());
  await authority.register(email);
  const { access_token: token } = await authority.login(email);
  t.ok(Object.keys(naughtyStrings).length >= 60, 'there is much of it');

  for (const [place, callWith] of Object.entries(places(token))) {
    await t.test(`as ${place}`, async (t) => {
      const wrong = [];
      for (const [index, [name, text]] of Object.entries(naughtyStrings).entries()) {
        const { status, body } = await authority.call(...callWith(text, index));
        if (status >= 500 || rawControl.test(JSON.stringify(body))) wrong.push([name, status, body]);
      }
      t.strictSame(wrong, []);
    });
  }

  for (const header of headers) {
    await t.test(`as ${header}`, async (t) => {
      const wrong = [];
      for (const [name, text] of Object.entries(naughtyStrings)) {
        const answer = await asHeader(authority, header, text);
        if (!answer.ok) wrong.push([name, answer.text]);
      }
      t.strictSame(wrong, []);
    });
  }

  await t.test('what was taken is shown as it was sent', async (t) => {
    await authority.register('shown@example.com');
    const taken: string[] = [];
    for (const text of Object.values(naughtyStrings)) {
      const body = { email: 'shown@example.com', password, device_name: text };
      const { status } = await authority.call('POST', '/auth/login', { body });
      if (status === 200) taken.unshift(text);
    }
    const { access_token } = await authority.login('shown@example.com');
    const { body } = await authority.call('GET', '/auth/sessions?page_size=100', { token: access_token });
    const shown = body.sessions.map(({ device_name }: { device_name: string | null }) => device_name);
    t.strictSame(shown.slice(1), taken);
    t.ok(taken.length > 25, `${taken.length} device names`);
    t.notOk(
      taken.some((text) => /[\p{Cc}\u2028\u2029\u202e]/u.test(text)),
      'none of them moves what is beside it',
    );
  });

  const log = authority.log();
  t.notMatch(log, /"level":"(warn|error|fatal)"/, 'none of it wakes anybody');
  const lines = log.split('\n').slice(0, -1);
  t.ok(lines.length > 1_000, `${lines.length} lines`);
  t.strictSame(
    lines.filter((line) => rawControl.test(line) || !isOneObject(line)),
    [],
    'a line is an object',
  );
  t.notOk(
    lines.some((line) => JSON.parse(line).msg === 'forged'),
    'and nobody else wrote one',
  );
});

/** Controls, and what some readers take for the end of a line. */
const rawControl = /[\p{Cc}\u2028\u2029]/u;

function isOneObject(line: string): boolean {
  try {
    return typeof JSON.parse(line).level === 'string';
  } catch {
    return false;
  }
}

/** As a part of a URL; of what has no UTF-8, the replacement character. */
function encoded(text: string): string {
  return encodeURIComponent(text.toWellFormed());
}

/** The bytes of UTF-8 in a header, as a client without any scruples sends them. */
async function asHeader({ httpPort }: TestAuthority, header: string, value: string) {
  const bytes = Buffer.from(value, 'utf8').toString('latin1');
  const body = JSON.stringify({ email, password: 'wrong' });
  const fields = [
    ...(header === 'content-type' ? [] : ['content-type: application/json']),
    `content-length: ${body.length}`,
  ];
  const path = header === 'authorization' ? '/auth/logout-all' : '/auth/refresh';
  const request = rawRequest(`POST ${path}`, [`${header}: ${bytes}`, ...fields], body);
  const { statuses, text } = await sendRaw(httpPort, request, { half: true });
  const refused = statuses.every((status) => status >= 400 && status < 500);
  return { ok: refused && !/^set-cookie: b=c/im.test(text), text };
}
