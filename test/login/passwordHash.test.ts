import t from 'tap';
import { loginLimits } from '../../src/login/limits.ts';
import { createPasswordHasher, type PasswordHashing } from '../../src/login/passwords/passwordHash.ts';

const turn = { place: '', first: false };

/** The real algorithm with the least work it allows; what is tested here is not its strength. */
const light: PasswordHashing = { memoryKibibytes: 64, passes: 1, lanes: 1, atOnce: 2, waiting: 4 };

t.test(
  'a hash is argon2id with the parameters of the limits, and verifies its own password only',
  async (t) => {
    const hasher = createPasswordHasher();
    const stored = await hasher.hash('correct horse battery staple', turn);
    t.match(stored, new RegExp(`^\\$argon2id\\$v=19\\$m=${loginLimits.argon2MemoryKibibytes},t=2,p=1\\$`));
    t.equal(await hasher.verify(stored, 'correct horse battery staple', turn), true);
    t.equal(await hasher.verify(stored, 'correct horse battery stapler', turn), false);
    t.equal(await hasher.verify(stored, '', turn), false);
    t.equal(hasher.needsRehash(stored), false);
  },
);

t.test('it hashes exactly the text: salted, and with what follows a NUL', async (t) => {
  const hasher = createPasswordHasher(light);
  const stored = await hasher.hash('before\0after', turn);
  t.not(stored, await hasher.hash('before\0after', turn), 'a fresh salt each time');
  t.equal(await hasher.verify(stored, 'before\0after', turn), true);
  t.equal(await hasher.verify(stored, 'before\0other', turn), false);
  t.equal(await hasher.verify(stored, 'before', turn), false);
});

t.test('a hash with any other parameter needs a rehash, and still verifies', async (t) => {
  const hasher = createPasswordHasher(light);
  const table: [string, PasswordHashing][] = [
    ['more memory', { ...light, memoryKibibytes: 128 }],
    ['more passes', { ...light, passes: 2 }],
    ['more lanes', { ...light, lanes: 2 }],
  ];
  for (const [what, other] of table) {
    const stored = await createPasswordHasher(other).hash('a password', turn);
    t.equal(hasher.needsRehash(stored), true, what);
    t.equal(createPasswordHasher(other).needsRehash(stored), false, `${what}, by itself`);
    t.equal(await hasher.verify(stored, 'a password', turn), true, `${what} verifies`);
  }
  const stored = await hasher.hash('a password', turn);
  t.equal(hasher.needsRehash(stored.replace('$argon2id$', '$argon2i$')), true, 'another variant');
  t.equal(hasher.needsRehash(stored.replace('$v=19$', '$v=16$')), true, 'an older version');
});

t.test('a damaged hash is an error, not a wrong password', async (t) => {
  const hasher = createPasswordHasher(light);
  const stored = await hasher.hash('a password', turn);
  const table: [string, string][] = [
    ['nothing', ''],
    ['cut', stored.slice(0, -2)],
    ['cut to its parameters', stored.slice(0, stored.lastIndexOf('$'))],
    ['a bcrypt that was cut', '$2b$10$N9qo8uLOickgx2ZMRZoMyeIjZAgcfl7p92ldGxad68LJZdL17lhW'],
    ['a space after', `${stored} `],
  ];
  for (const [what, damaged] of table) {
    await t.rejects(hasher.verify(damaged, 'a password', turn), what);
    t.throws(() => hasher.needsRehash(damaged), what);
  }
  t.equal(await hasher.verify(stored, 'a password', turn), true, 'and the hasher goes on');
});

t.test('the dummy matches nothing', async (t) => {
  const hasher = createPasswordHasher(light);
  for (const password of ['', 'a password', 'x'.repeat(1_024)]) {
    t.equal(await hasher.verifyDummy(password, turn), false);
  }
});

t.test('the dummy costs what a wrong password costs', async (t) => {
  const hasher = createPasswordHasher();
  const stored = await hasher.hash('correct horse battery staple', turn);
  const time = async (work: () => Promise<unknown>) => {
    const start = performance.now();
    await work();
    return performance.now() - start;
  };
  const wrong: number[] = [];
  const dummy: number[] = [];
  // In turns, so that a busy machine slows both.
  for (let round = 0; round < 15; round += 1) {
    wrong.push(await time(() => hasher.verify(stored, 'a wrong password', turn)));
    dummy.push(await time(() => hasher.verifyDummy('a wrong password', turn)));
  }
  const ratio = median(dummy) / median(wrong);
  t.ok(ratio > 0.5 && ratio < 2, `ratio of the medians: ${ratio.toFixed(2)}`);
});

t.test(
  'above the queue the answer is overloaded, at once, and nothing that was let in is lost',
  async (t) => {
    const hasher = createPasswordHasher(light);
    const room = light.atOnce + light.waiting;
    const admitted = [
      ...Array.from({ length: room - 2 }, (_, index) => hasher.hash(`password ${index}`, turn)),
      hasher.verifyDummy('x', turn),
      hasher.verify(`$argon2id$v=19$m=64,t=1,p=1$${'A'.repeat(22)}$${'A'.repeat(43)}`, 'x', turn),
    ];
    t.equal(hasher.waiting(), light.waiting);

    const overloaded = { code: 'overloaded', retryAfterSeconds: 1 };
    await t.rejects(hasher.hash('one too many', turn), overloaded, 'hash');
    await t.rejects(hasher.verify('not even looked at', 'x', turn), overloaded, 'verify');
    await t.rejects(
      hasher.verifyDummy('x', turn),
      overloaded,
      'the dummy, too: it must not tell by its error',
    );
    t.equal(hasher.waiting(), light.waiting, 'a refused one does not wait');

    t.equal((await Promise.all(admitted)).length, room);
    t.equal(hasher.waiting(), 0);
    t.equal(await hasher.verifyDummy('x', turn), false, 'there is room again');
  },
);

t.test('a failed verification gives its place back', async (t) => {
  const hasher = createPasswordHasher({ ...light, atOnce: 1, waiting: 0 });
  for (let round = 0; round < 3; round += 1) await t.rejects(hasher.verify('damaged', 'x', turn), /./);
  t.equal(hasher.waiting(), 0);
  t.match(await hasher.hash('x', turn), /^\$argon2id\$/);
});

function median(values: number[]): number {
  return values.toSorted((one, other) => one - other)[Math.floor(values.length / 2)] ?? Number.NaN;
}
