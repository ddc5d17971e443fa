/** Budgets of messages to phones: each scope in each window, and each kind by itself. */

import type { UserId } from '@countersign/verifier/ids';
import t from 'tap';
import type { Email } from '../../../src/accounts/email.ts';
import { phoneLimits } from '../../../src/accounts/phone/limits.ts';
import type { Phone } from '../../../src/accounts/phone/phoneNumber.ts';
import { createSmsBudgets, type SmsKind } from '../../../src/accounts/phone/smsBudgets.ts';
import type { LoginName } from '../../../src/login/throttling/attemptSources.ts';
import { createKeyedHash } from '../../../src/platform/keyedHash.ts';
import { createLocalRateCounters } from '../../../src/storage/embedded/rateCounters.ts';
import { adaPhone, startWithCodes } from '../../support/codeUsers.ts';
import { brief, from } from '../../support/loginTries.ts';

const hour = 60 * 60_000;
const nobodysPhone = '+4915187654321' as Phone;
const { smsBudgets } = phoneLimits;

function setUp(scale = 1) {
  let now = 0;
  const clock = { monotonic: () => now };
  const counters = createLocalRateCounters({ clock });
  const keyedHash = createKeyedHash(Buffer.alloc(32), 'test');
  const counting = { counters, scale, clock, keyedHash, counted: new WeakMap() };
  const isKnownAtHome = (name: LoginName) => name.startsWith('ada') || name === nobodysPhone;
  const spend = createSmsBudgets(
    counting,
    async (name, { ip }) => isKnownAtHome(name) && ip?.startsWith('192.168.') === true,
  );
  let serial = 0;
  /** Different in everything but what is given. */
  const send = (kind: SmsKind, same: { number?: string; ip?: string; userId?: string | undefined } = {}) => {
    serial += 1;
    const number = same.number ?? `+49${1_000_000_000 + serial * 100_000}`;
    const ip = same.ip ?? `10.${serial >> 8}.${serial & 255}.1`;
    const userId = 'userId' in same ? same.userId : `user-${serial}`;
    const user =
      userId === undefined ? undefined : { id: userId as UserId, email: `${userId}@example.com` as Email };
    return spend({ kind, number: number as Phone, by: { ip }, user });
  };
  const untilRefused = async (once: (count: number) => Promise<boolean>): Promise<number> => {
    for (let count = 0; count < 100_000; count += 1) if (!(await once(count))) return count;
    throw new Error('never refused');
  };
  const pass = (milliseconds: number) => {
    now += milliseconds;
  };
  return { send, untilRefused, pass };
}

for (const kind of Object.keys(smsBudgets) as SmsKind[])
  t.test(`${kind}: each scope in an hour and in a day`, async (t) => {
    for (const scope of ['user', 'network', 'number', 'prefix'] as const) {
      const { send, untilRefused, pass } = setUp();
      const same = {
        user: () => ({ userId: 'ada' }),
        network: (count: number) => ({ ip: `192.0.2.${count % 250}` }),
        number: () => ({ number: adaPhone }),
        prefix: (count: number) => ({ number: `+4915112${10_000 + count}` }),
      }[scope];
      let today = 0;
      const { hour: hourly, day: daily } = smsBudgets[kind];
      while (today < daily[scope]) {
        const sent = await untilRefused((count) => send(kind, same(today + count)));
        t.equal(sent, Math.min(hourly[scope], daily[scope] - today), `${scope} in an hour`);
        today += sent;
        pass(hour);
      }
      t.equal(await send(kind, same(today)), false, `${scope} in a day`);
      t.equal(await send(kind), true, 'others');
      pass(24 * hour);
      t.equal(await send(kind, same(today)), true, 'the next day');
    }
  });

t.test('all together, and each kind apart', async (t) => {
  const { send, untilRefused } = setUp(0.01);
  const { all } = smsBudgets.phone_proof.hour;
  t.equal(await untilRefused(() => send('phone_proof')), all / 100);
  t.equal(await send('phone_proof'), false);
  t.equal(await send('login_code'), true, 'whoever pumps keeps no proved number out');
  t.equal((await untilRefused(() => send('login_code', { userId: undefined }))) > 0, true);
  t.equal(await send('login_code'), true, 'nor do numbers that nobody has');
  await untilRefused(() => send('login_code', { number: adaPhone }));
  t.equal(await send('factor_code', { number: adaPhone }), true, 'nor strangers who ask for codes of others');
});

for (const kind of ['login_code', 'factor_code'] as const)
  t.test(
    `${kind}: where the user signed in before, strangers use nothing up but what costs money in all`,
    async (t) => {
      const { send, untilRefused } = setUp();
      const ada = { number: adaPhone, userId: 'ada' };
      const { user, all } = smsBudgets[kind].hour;
      t.equal(await untilRefused(() => send(kind, ada)), user, 'strangers');
      t.equal(
        await send(kind, { ...ada, userId: 'bob', ip: '192.168.1.1' }),
        false,
        'a place of another user',
      );
      const home = (count: number) => ({ ip: `192.168.${count}.1` });
      t.equal(
        await untilRefused((count) => send(kind, { ...ada, ...home(count) })),
        user,
        'the owner, as many',
      );
      const nobody = { number: nobodysPhone, userId: undefined };
      t.equal(await untilRefused(() => send(kind, nobody)), user, 'a number that nobody has');
      t.equal(await untilRefused((count) => send(kind, { ...nobody, ...home(count) })), user, 'likewise');
      const scaled = setUp(0.01);
      const sent = await scaled.untilRefused((count) =>
        scaled.send(kind, count % 2 === 0 ? {} : { userId: `ada-${count}`, ...home(count % 250) }),
      );
      t.equal(sent, all / 100, 'known and other places together');
    },
  );

t.test('proofs of numbers share one count, also where the user signed in before', async (t) => {
  const { send, untilRefused } = setUp();
  const sent = await untilRefused((count) =>
    send('phone_proof', { userId: 'ada', ip: count % 2 === 0 ? '10.0.0.1' : '192.168.1.1' }),
  );
  t.equal(sent, smsBudgets.phone_proof.hour.user);
});

t.test('off where rate limits are off', async (t) => {
  const spend = createSmsBudgets(undefined, async () => false);
  for (let count = 0; count < 100; count += 1)
    t.ok(await spend({ kind: 'login_code', number: adaPhone as Phone, by: {}, user: undefined }));
});

t.test('over HTTP: pumping ends, and proved owners log in', async (t) => {
  const { withPhone, register, login, post, sms, begin } = await startWithCodes(t, {
    env: { RATE_LIMITS: '1' },
  });
  const owner = 'owner@example.com';
  await withPhone(owner, adaPhone);
  await register('pump@example.com');
  const { access_token: token } = await login('pump@example.com');
  const answers: string[] = [];
  for (let count = 0; count < 8; count += 1) {
    const place = from(`198.51.${count}.1`);
    const phone = `+49151876543${10 + count}`;
    answers.push(brief(await post('/auth/phone', { phone }, place, token)));
  }
  t.strictSame(answers, [...Array(5).fill('202'), ...Array(3).fill('429 rate_limited again in 3600')]);
  t.equal((await begin({ phone: adaPhone }, from('203.0.113.1'))).status, 202);
  const { template } = await sms.smsTo(adaPhone);
  t.equal(template, 'login_code');
});
