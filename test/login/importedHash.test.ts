/** Hashes of other systems: published test vectors match, and nothing that is damaged or too costly is taken. */
import t from 'tap';
import { readHash } from '../../src/login/passwords/importedHash.ts';
import { createPasswordHasher } from '../../src/login/passwords/passwordHash.ts';
import { presentedPassword } from '../../src/login/passwords/passwordPolicy.ts';
import { verifyHash } from '../../src/login/passwords/verifyHash.ts';
import { importedHashes, importedPassword } from '../support/importedHashes.ts';

const turn = { place: '', first: false };
const base64 = (bytes: string, encoding: 'utf8' | 'hex') => Buffer.from(bytes, encoding).toString('base64');
const salt = base64('SodiumChloride', 'utf8');

/** [source, password, hash]. */
const vectors: readonly [source: string, password: string, hash: string][] = [
  ...Object.entries(importedHashes).map(([name, hash]): [string, string, string] => [
    name,
    importedPassword,
    hash,
  ]),
  ['crypt_blowfish', 'U*U', '$2a$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW'],
  [
    'argon2-cffi',
    'correct horse battery staple',
    '$argon2id$v=19$m=65536,t=3,p=4$MIIRqgvgQbgj220jfp0MPA$YfwJSVjtjSU0zzV/P3S9nnQ/USre2wvJMjfCIjrTQbg',
  ],
  [
    'RFC 7914 §12',
    'pleaseletmein',
    `$scrypt$ln=14,r=8,p=1$${salt}$${base64('7023bdcb3afd7348461c06cd81fd38ebfda8fbba904f8e3ea9b543f6545da1f2d5432955613f0fcf62d49705242a9af9e61e85dc0d651e40dfcf017b45575887', 'hex')}`,
  ],
  [
    'RFC 7914 §11',
    'passwd',
    `$pbkdf2-sha256$i=1$${base64('salt', 'utf8')}$${base64('55ac046e56e3089fec1691c22544b605f94185216dde0465e68b9d57c20dacbca49ca9cccf179b645991664b39d77ef317c71b845b1e30bd509112041d3a19783', 'hex')}`,
  ],
  [
    'RFC 6070',
    'password',
    `$pbkdf2-sha1$i=4096$${base64('salt', 'utf8')}$${base64('4b007901b765489abead49d926f721d065a429c1', 'hex')}`,
  ],
  [
    "Firebase's own example",
    'user1password',
    '$fbscrypt$v=1,n=14,r=8,p=1,ss=Bw==,sk=jxspr8Ki0RYycVU8zykbdLGjFQ3McFUH0uiiTvC8pVMXAn210wjLNmdZJzxUECKbm0QsEmYUSDzZvpjeJ9WmXA==$42xEC+ixf3L2lw==$lSrfV15cpx95/sZS2W9c9Kp6i/LVgQNDNC/qzrCnh1SAyZvqmZqAjTdn3aoItz+VHjoZilo78198JAdRuid5lQ==',
  ],
];

t.test('published vectors match, and nothing beside them', async (t) => {
  const hasher = createPasswordHasher();
  for (const [source, password, hash] of vectors) {
    t.equal(await hasher.verify(hash, password, turn), true, source);
    t.equal(await hasher.verify(hash, `${password}.`, turn), false, `${source}: a longer password`);
    t.equal(await hasher.verify(hash, '', turn), false, `${source}: none`);
    t.equal(hasher.needsRehash(hash), true, `${source} is replaced`);
  }
});

t.test('bcrypt compares 72 bytes, as everywhere', async (t) => {
  const hasher = createPasswordHasher();
  const hash = '$2b$04$SIfNhD2peI7JC995pqgN.ecyTQR1i5U9oX.NQPj4i9vcTaqXCe/6K';
  t.equal(await hasher.verify(hash, 'a'.repeat(72), turn), true);
  t.equal(await hasher.verify(hash, 'a'.repeat(100), turn), true);
  t.equal(await hasher.verify(hash, 'a'.repeat(71), turn), false);
});

t.test('a password is presented to other systems as it was typed', async (t) => {
  const typed = 'Cafe\u0301 au lait';
  t.equal(presentedPassword(typed, importedHashes.bcrypt), typed);
  t.equal(presentedPassword(typed, importedHashes.argon2id), typed.normalize('NFC'));
  t.equal(presentedPassword('x'.repeat(5_000), importedHashes.bcrypt), undefined);
});

const key = 'A'.repeat(43);

/** [what, hash, rule]. */
const refused: readonly [what: string, hash: string, rule: string][] = [
  ...['', ' ', 'password', '5f4dcc3b5aa765d61d8327deb882cf99', '{SSHA}x', '$1$salt$hash', '$6$salt$hash'].map(
    (hash): [string, string, string] => [JSON.stringify(hash), hash, 'format'],
  ),
  ['a bcrypt of 15', importedHashes.bcrypt.replace('$04$', '$15$'), 'cost'],
  ['a bcrypt of 31', importedHashes.bcrypt.replace('$04$', '$31$'), 'cost'],
  ['a bcrypt of 32', importedHashes.bcrypt.replace('$04$', '$32$'), 'format'],
  ['a bcrypt of 3', importedHashes.bcrypt.replace('$04$', '$03$'), 'format'],
  ['the faulty version of bcrypt', importedHashes.bcrypt.replace('$2b$', '$2x$'), 'format'],
  ['a bcrypt that was cut', importedHashes.bcrypt.slice(0, -1), 'format'],
  ['a bcrypt with a line end', `${importedHashes.bcrypt}\n`, 'format'],
  ['scrypt of N = 2^30', `$scrypt$ln=30,r=8,p=1$${key}$${key}`, 'cost'],
  ['scrypt of N = 2^9999999999', `$scrypt$ln=9999999999,r=8,p=1$${key}$${key}`, 'cost'],
  ['scrypt with much memory', `$scrypt$ln=17,r=9,p=1$${key}$${key}`, 'cost'],
  ['scrypt with much work', `$scrypt$ln=17,r=8,p=3$${key}$${key}`, 'cost'],
  ['Firebase with much work', `$fbscrypt$v=1,n=20,r=8,p=1,sk=${key}$${key}$${key}`, 'cost'],
  ['PBKDF2 of 10^9', `$pbkdf2-sha256$i=1000000000$${key}$${key}`, 'cost'],
  ['PBKDF2 of Django of 10^9', `pbkdf2_sha256$1000000000$salt$${key}`, 'cost'],
  ['PBKDF2 of 10^11', `$pbkdf2-sha256$i=100000000000$${key}$${key}`, 'format'],
  ['PBKDF2 of none', `$pbkdf2-sha256$i=0$${key}$${key}`, 'format'],
  ['PBKDF2 with MD5', `$pbkdf2-md5$i=1000$${key}$${key}`, 'format'],
  ['argon2id with a gigabyte', `$argon2id$v=19$m=1048576,t=1,p=1$${key}$${key}`, 'cost'],
  ['argon2id with many passes', `$argon2id$v=19$m=65536,t=17,p=1$${key}$${key}`, 'cost'],
  ['argon2id with many lanes', `$argon2id$v=19$m=65536,t=1,p=17$${key}$${key}`, 'cost'],
  ['argon2d', `$argon2d$v=19$m=64,t=1,p=1$${key}$${key}`, 'format'],
  ['a hash of eight bytes', `$pbkdf2-sha256$i=1000$${key}$AAAAAAAAAAA`, 'format'],
  ['a hash of 200 bytes', `$pbkdf2-sha256$i=1000$${key}$${'A'.repeat(268)}`, 'format'],
  ['argon2id with 8 KiB for 16 lanes', `$argon2id$v=19$m=8,t=1,p=16$${key}$${key}`, 'format'],
  ['argon2id with one KiB too few', `$argon2id$v=19$m=127,t=1,p=16$${key}$${key}`, 'format'],
  ['argon2id with a salt of one character', `$argon2id$v=19$m=64,t=1,p=1$A$${key}`, 'format'],
  ['argon2id with a salt of seven bytes', `$argon2id$v=19$m=64,t=1,p=1$AAAAAAAAAA$${key}`, 'format'],
  ['argon2id with padding', `$argon2id$v=19$m=64,t=1,p=1$${key}$${key}=`, 'format'],
  ['argon2id with a dot', `$argon2id$v=19$m=64,t=1,p=1$.${key.slice(1)}$${key}`, 'format'],
  ['argon2id with bits left over', `$argon2id$v=19$m=64,t=1,p=1$${key}$${key.slice(1)}B`, 'format'],
  ['bcrypt with bits left over in the salt', importedHashes.bcrypt.replace('kd0.', 'kd0/'), 'format'],
  ['bcrypt with bits left over at the end', importedHashes.bcrypt.replace(/O$/, 'P'), 'format'],
  ['scrypt of N = 2^16 with r = 1', `$scrypt$ln=16,r=1,p=1$${key}$${key}`, 'format'],
  ['scrypt with more memory than OpenSSL may take', `$scrypt$ln=1,r=524288,p=2$${key}$${key}`, 'cost'],
  ['scrypt with a salt of one character', `$scrypt$ln=4,r=8,p=1$A$${key}`, 'format'],
  ['PBKDF2 with a salt of one character', `$pbkdf2-sha256$i=1000$A$${key}`, 'format'],
  ['Firebase with a shorter signer key', `$fbscrypt$v=1,n=4,r=8,p=1,sk=AAAA$${key}$${key}`, 'format'],
  ['a long text', `$pbkdf2-sha256$i=1000$${'A'.repeat(2_000)}$${key}`, 'size'],
];

t.test('what cannot be read, or costs too much, is refused with its rule', async (t) => {
  for (const [what, hash, rule] of refused)
    t.throws(
      () => readHash(hash),
      { code: 'invalid_request', errors: [{ field: 'password_hash', rule }] },
      what,
    );
  t.throws(() => readHash(importedHashes.bcrypt.replace('$04$', '$31$')), {
    message: 'password_hash: must have a cost of at most 14; given 31',
  });
});

t.test('the limits themselves are taken', async (t) => {
  for (const hash of [
    importedHashes.bcrypt.replace('$04$', '$14$'),
    `$scrypt$ln=17,r=8,p=1$${key}$${key}`,
    `$scrypt$ln=14,r=8,p=16$${key}$${key}`,
    `$pbkdf2-sha512$i=2000000$${key}$${key}`,
    `$argon2id$v=19$m=131072,t=8,p=16$${key}$${key}`,
  ])
    t.ok(readHash(hash), hash);
});

t.test('what is taken can be verified, at each edge', async (t) => {
  for (const hash of [
    `$argon2id$v=19$m=128,t=1,p=16$${key}$${key}`,
    `$argon2i$v=16$m=8,t=1,p=1$AAAAAAAAAAA$${'A'.repeat(22)}`,
    `$argon2id$v=19$m=8,t=1,p=1$${'A'.repeat(100)}$${'A'.repeat(171)}`,
    `$scrypt$ln=15,r=1,p=1$${key}$${key}`,
    `$scrypt$ln=1,r=262144,p=4$${key}$${key}`,
    `$scrypt$ln=1,r=1,p=1048576$AA$${key}`,
    `$scrypt$ln=1,r=1,p=1$${key}$${key}=`,
    `$fbscrypt$v=1,n=4,r=8,p=1,sk=${key}$${key}$${key}`,
    `$pbkdf2-sha1$i=1$AA$${'A'.repeat(171)}`,
    `pbkdf2_sha256$1$x$${key}`,
    `$2b$04$${'.'.repeat(53)}`,
  ])
    t.equal(await verifyHash(hash, 'x'), false, hash);
});

t.test('hashes of other systems wait in the queue of all hashes, off the event loop', async (t) => {
  const light = { memoryKibibytes: 64, passes: 1, lanes: 1, atOnce: 1, waiting: 1 };
  const hasher = createPasswordHasher(light);
  const slow = importedHashes.bcrypt.replace('$04$', '$10$');
  const [first, second] = [hasher.verify(slow, 'x', turn), hasher.verify(importedHashes.scrypt, 'x', turn)];
  t.equal(hasher.waiting(), 1);
  await t.rejects(hasher.verify(slow, 'x', turn), { code: 'overloaded' });
  let turns = 0;
  let done = false;
  void first.then(() => {
    done = true;
  });
  while (!done) {
    await new Promise((resolve) => setImmediate(resolve));
    turns += 1;
  }
  t.ok(turns > 100, `${turns} turns of the event loop during one hash`);
  t.strictSame(await Promise.all([first, second]), [false, false]);
});
