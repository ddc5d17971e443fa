/** What strangers try at the login: time (L1), size (L5), spellings of passwords and addresses (L6, L7), fields of rows (L14). */
import t from 'tap';
import { loginLimits } from '../../src/login/limits.ts';
import { password, startAuthority, type TestAuthority } from '../support/authority.ts';
import { createShiftedClock } from '../support/shiftedClock.ts';
import { timesOfRefusals } from './loginTimes.ts';

/** Enough for one without a disturbance. Means are compared in test/soak, and by `npm run bench`. */
const samples = 12;

t.test('the login', async (t) => {
  const clock = createShiftedClock();
  const authority = await startAuthority({ clock });
  t.teardown(() => authority.stop());

  await t.test('a password is hashed for nobody as for somebody (L1)', async (t) => {
    const { wrongPassword, ...others } = await timesOfRefusals(t, authority, clock, samples);
    const shortest = Math.min(...wrongPassword);
    for (const [kind, times] of Object.entries(others))
      t.ok(
        Math.min(...times) > shortest / 2,
        `${kind}: ${Math.min(...times).toFixed(1)} ms, ${shortest.toFixed(1)} ms`,
      );
  });

  await t.test('a password beyond all limits is refused before it is hashed (L5)', async (t) => {
    const body = { email: 'large@example.com', password: 'x'.repeat(loginLimits.passwordMaximumBytes + 1) };
    const queue = queueOfHashes(authority);
    const register = await authority.call('POST', '/auth/register', { body });
    t.match([register.status, register.body.code], [400, 'password_refused']);
    const finished = queue.finished();
    t.ok(finished < queue.length / 2, `before all those that wait for a hash: ${finished} were finished`);
    await queue.done;
    const huge = { ...body, password: 'x'.repeat(1024 * 1024) };
    t.equal((await authority.call('POST', '/auth/login', { body: huge })).status, 413, 'a megabyte');
  });

  await t.test('passwords are the same by NFC, and by nothing else (L6)', async (t) => {
    const table: [name: string, set: string, tried: string, status: number][] = [
      ['set decomposed, typed composed', 'cafe\u0301 au lait pour deux', 'caf\u00e9 au lait pour deux', 200],
      [
        'Hangul in parts',
        '\u1112\u1161\u11ab\u1100\u1173\u11af is the script',
        '\ud55c\uae00 is the script',
        200,
      ],
      [
        'an \u00c5ngstr\u00f6m sign',
        'one \u212bngstr\u00f6m is short',
        'one \u00c5ngstr\u00f6m is short',
        200,
      ],
      ['full width', 'plain letters only', '\uff50lain letters only', 401],
      ['a ligature', 'define the word again', 'de\ufb01ne the word again', 401],
      ['\u00df and ss', 'die lange stra\u00dfe nach hause', 'die lange strasse nach hause', 401],
      ['a long s', 'many mississippis ago', 'many mi\u017fsissippis ago', 401],
      ['a dotless i', 'istanbul in the winter', '\u0131stanbul in the winter', 401],
      ['a Cyrillic a', 'a passphrase of mine', '\u0430 passphrase of mine', 401],
      [
        'a family without its joiners',
        '\u{1f468}\u200d\u{1f469}\u200d\u{1f467} of the lake',
        '\u{1f468}\u{1f469}\u{1f467} of the lake',
        401,
      ],
      ['what follows a NUL', 'before\0and after it', 'before\0but not that', 401],
      ['only what precedes a NUL', 'before the NUL it is long\0!', 'before the NUL it is long', 401],
      ['text turned around', 'password of \u202epranksters', 'password of pranksters', 401],
      [
        'another order of marks that do not mix',
        'q\u0323\u0307uite the same thing',
        'q\u0307\u0323uite the same thing',
        200,
      ],
    ];
    for (const [index, [name, set, tried, status]] of table.entries()) {
      const email = `l6-${index}@example.com`;
      const made = await authority.call('POST', '/auth/register', { body: { email, password: set } });
      t.equal(made.status, 201, `${name}: may be chosen`);
      const answer = await authority.call('POST', '/auth/login', { body: { email, password: tried } });
      t.equal(answer.status, status, name);
      const exact = await authority.call('POST', '/auth/login', { body: { email, password: set } });
      t.equal(exact.status, 200, `${name}: as it was set`);
    }
  });

  await t.test('one address has one account, and one that looks like it has another (L7)', async (t) => {
    const table: [name: string, first: string, second: string, status: number][] = [
      ['capitals', 'anna@example.com', 'ANNA@EXAMPLE.COM', 409],
      ['full width', 'berta@example.com', '\uff42erta@example.com', 409],
      ['a full-width @', 'carla@example.com', 'carla\uff20example.com', 409],
      ['a long s', 'simon@example.com', '\u017fimon@example.com', 409],
      ['a Kelvin sign', 'karl@example.com', '\u212aarl@example.com', 409],
      ['a ligature', 'fiona@example.com', '\ufb01ona@example.com', 409],
      ['parts of a letter', 'j\u00f6rg@example.com', 'jo\u0308rg@example.com', 409],
      ['a domain in ACE', 'dora@b\u00fccher.example', 'dora@xn--bcher-kva.example', 409],
      ['\u00df and ss', 'stra\u00dfe@example.com', 'strasse@example.com', 201],
      ['\u00df and ss in a domain', 'emil@stra\u00dfe.example', 'emil@strasse.example', 201],
      ['a Turkish capital I', 'irma@example.com', '\u0130rma@example.com', 201],
      ['a Turkish small i', 'ida@example.com', '\u0131da@example.com', 201],
      ['a Cyrillic a', 'paul@example.com', 'p\u0430ul@example.com', 201],
      ['a Greek omicron', 'otto@example.com', '\u03bftto@example.com', 201],
      ['an accent', 'rene@example.com', 'ren\u00e9@example.com', 201],
      ['a dot', 'max.muster@example.com', 'maxmuster@example.com', 201],
      ['a tag', 'nora@example.com', 'nora+x@example.com', 201],
    ];
    const statuses = await Promise.all(
      table.map(async ([, first, second]) => [
        (await authority.register(first)).status,
        (await authority.register(second)).status,
      ]),
    );
    for (const [index, [name, , , status]] of table.entries())
      t.strictSame(statuses[index], [201, status], name);
    const body = { email: '\uff21\uff2e\uff2e\uff21@example.com', password };
    t.equal(
      (await authority.call('POST', '/auth/login', { body })).status,
      200,
      'and it logs in by any of them',
    );
  });

  await t.test('no request sets a field of a row (L14)', async (t) => {
    await authority.register('mallory@example.com');
    const { access_token: token, refresh_token } = await authority.login('mallory@example.com');
    const requests: [path: string, body: Record<string, unknown>][] = [
      ['/auth/register', { email: 'made@example.com', password }],
      ['/auth/login', { email: 'mallory@example.com', password }],
      ['/auth/refresh', { refresh_token }],
      ['/auth/logout', { refresh_token }],
      ['/auth/password', { current_password: password, new_password: `${password}!` }],
      ['/auth/logout-all', {}],
      ['/auth/logout-others', {}],
    ];
    const fields = [
      ...[
        'role',
        'is_admin',
        'id',
        'user_id',
        'sub',
        'session_id',
        'sid',
        'client_id',
        'scope',
        'amr',
        'aud',
      ],
      ...[
        'token_version',
        'tokenVersion',
        'ver',
        'email_verified',
        'emailVerified',
        'disabled_at',
        'deleted_at',
      ],
      ...[
        'password_hash',
        'passwordHash',
        'sealed_secret',
        'generation',
        'expires_at',
        'auth_time',
        'replaces',
      ],
    ];
    for (const [path, body] of requests) {
      for (const field of fields) {
        const answer = await authority.call('POST', path, { token, body: { ...body, [field]: 1 } });
        t.match(
          answer,
          { status: 400, body: { errors: [{ field, rule: 'additionalProperties' }] } },
          `${path} ${field}`,
        );
      }
    }
    t.equal((await authority.call('GET', '/auth/me', { token })).status, 200, 'none of them did anything');
    t.equal((await authority.refresh(refresh_token)).status, 200);
  });
});

/** As many hashes as there may be, asked for at once; `finished` counts those that are done. */
function queueOfHashes({ authority }: TestAuthority) {
  let count = 0;
  const input = { email: 'queued@example.com', password };
  const queued = Array.from(
    { length: loginLimits.passwordHashesAtOnce + loginLimits.passwordHashesWaiting },
    () =>
      authority.operations
        .register(input, { name: 'user' })
        .catch(() => {})
        .finally(() => {
          count += 1;
        }),
  );
  return { length: queued.length, finished: () => count, done: Promise.all(queued) };
}
