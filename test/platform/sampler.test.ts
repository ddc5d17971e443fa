/** What is written down the first few times. */
import t from 'tap';
import { loginLimits } from '../../src/login/limits.ts';
import { createUnknownEmails } from '../../src/login/unknownEmails.ts';
import { createSampler } from '../../src/platform/sampler.ts';

t.test('the first few of each name, then none until the time is over', async (t) => {
  const { isWorthNoting } = createSampler({ few: 2, milliseconds: 1_000, names: 2 });
  const rows: [name: string, now: number, worth: boolean][] = [
    ['a', 0, true],
    ['a', 500, true],
    ['a', 999, false],
    ['b', 999, true],
    ['a', 1_000, true],
    ['a', 1_001, true],
    ['a', 1_999, false],
    ['b', 2_000, true],
    ['c', 2_000, true],
    ['a', 2_000, true],
  ];
  for (const [name, now, worth] of rows) t.equal(isWorthNoting(name, now), worth, `${name} at ${now}`);
});

t.test('e-mails that nobody has: a few of each network, and not too many of all', async (t) => {
  const { isWorthNoting } = createUnknownEmails();
  const {
    unknownEmailsRecorded: few,
    unknownEmailsRecordedTogether: most,
    unknownEmailsRecordedMilliseconds: hour,
  } = loginLimits;
  const noted = (ips: readonly (string | undefined)[], now: number) =>
    ips.filter((ip) => isWorthNoting(ip, now)).length;
  t.equal(noted(Array(2 * few).fill(undefined), 0), few, 'nobody knows from where');
  const site = Array.from({ length: 2 * few }, (_, number) => `2001:db8:0:${number}::1`);
  t.equal(noted(site, 0), few, 'one site');
  const world = Array.from({ length: 2 * most }, (_, number) => `10.${number >> 8}.${number & 255}.1`);
  t.equal(noted(world, 0), most - 2 * few, 'all together');
  t.equal(noted(['192.0.2.1'], hour), 1, 'an hour later');
});
