import { AuthorityError } from '@countersign/verifier/errors';
import t from 'tap';
import { normaliseEmail } from '../../src/accounts/email.ts';
import { noBreachedPasswords } from '../../src/login/passwords/breachedPasswords.ts';
import { createCommonPasswords } from '../../src/login/passwords/commonPasswords.ts';
import { createPasswordPolicy, normalisePassword } from '../../src/login/passwords/passwordPolicy.ts';

const policy = createPasswordPolicy({
  minimumCharacters: 15,
  commonPasswords: createCommonPasswords(),
  breachedPasswords: noBreachedPasswords,
});
const email = normaliseEmail('alice.wonderland@example.com');

/** The rule that the password breaks, or 'accepted'. */
async function outcome(password: string): Promise<string> {
  try {
    await policy.check(password, { field: 'password', email });
    return 'accepted';
  } catch (error) {
    if (!(error instanceof AuthorityError) || error.code !== 'password_refused') throw error;
    return error.errors?.[0]?.rule ?? 'no rule';
  }
}

/** 1024 bytes. */
const longest = `Zq7${'w8-Kp'.repeat(204)}!`;

t.test('these may be chosen', async (t) => {
  const table: [string, string][] = [
    ['a passphrase', 'correct horse battery staple'],
    ['15 characters', 'tr0ub4dor&3 yes'],
    ['no digit, no sign, no capital', 'myfunnyaardvarkdances'],
    ['15 emoji of two code units', '🐙🦊🐼🐸🦉🐢🦋🐬🦔🐝🦒🐘🦜🐳🦚'],
    ['a family joined by ZWJ', '👨\u200d👩\u200d👧\u200d👦 lives in a tree'],
    ['right-to-left override', 'pass\u202eword of a prankster'],
    ['NUL', 'before\0and after it'],
    ['spaces at both ends', '  quiet as a mouse  '],
    ['another script', 'съешь ещё этих мягких'],
    ['1024 bytes', longest],
    ['words of a keyboard row', 'poor typewriter property'],
    ['the address inside a longer one', 'alice.wonderland fell down a hole'],
    ['three common words', 'dragonmonkeysunshine'],
    ['a common word and something else', 'sunshine in a small bottle'],
  ];
  for (const [what, password] of table) t.equal(await outcome(password), 'accepted', what);
  t.equal(Buffer.byteLength(longest), 1_024, 'the row of 1024 bytes is what it says');
});

t.test('these are refused, with the rule', async (t) => {
  const table: [string, string, string][] = [
    ['nothing', '', 'too_short'],
    ['14 characters', 'tr0ub4dor&3 ye', 'too_short'],
    ['14 emoji, which are 56 bytes', '🐙🦊🐼🐸🦉🐢🦋🐬🦔🐝🦒🐘🦜🐳', 'too_short'],
    ['14 characters after NFC', `${'e\u0301'.repeat(7)}abcdxyz`, 'too_short'],
    ['1025 bytes', `${longest}!`, 'too_long'],
    ['1026 bytes of 513 characters', 'éàè'.repeat(171), 'too_long'],
    ['a megabyte', 'x1'.repeat(500_000), 'too_long'],
    ['a megabyte that is malformed, too', '\ud800'.repeat(1_000_000), 'too_long'],
    ['a lone high surrogate', 'correct horse \ud83d battery', 'malformed'],
    ['a lone low surrogate', '\udc19correct horse battery', 'malformed'],
    ['one character', 'aaaaaaaaaaaaaaa', 'repetition'],
    ['one character in two cases', 'aAaAaAaAaAaAaAa', 'repetition'],
    ['a unit of 7, cut', 'hunter2hunter2hunter', 'repetition'],
    ['a unit of 8, twice', 'Passw0rdpassw0rd', 'repetition'],
    ['digits up', '123456789012345', 'sequence'],
    ['digits down', '987654321098765', 'sequence'],
    ['letters up', 'abcdefghijklmno', 'sequence'],
    ['letters in mixed case', 'AbCdEfGhIjKlMnO', 'sequence'],
    ['letters round the end', 'stuvwxyzabcdefg', 'sequence'],
    ['the upper row of keys', 'poiuytrewqpoiuy', 'sequence'],
    ['the middle row of keys', 'asdfghjklasdfgh', 'sequence'],
    ['the lower row of keys', 'zxcvbnmnbvcxzxc', 'sequence'],
    ['keyboard rows', 'qwertyuiopasdfgh', 'sequence'],
    ['a German keyboard', 'qwertzuiopasdfg', 'sequence'],
    ['a French keyboard', 'azertyqsdfgazer', 'sequence'],
    ['a row backwards', 'poiuytrewqlkjhgfdsa', 'sequence'],
    ['triples', 'aaabbbcccdddeeefff', 'sequence'],
    ['a Cyrillic alphabet', 'абвгдежзийклмно', 'sequence'],
    ['a common one', '1qaz2wsx3edc4rfv', 'too_common'],
    ['a common one in capitals', 'MAILCREATED5240', 'too_common'],
    ['two common ones', 'Password12345678', 'too_common'],
    ['the address', 'alice.wonderland@example.com', 'same_as_email'],
    ['the address in capitals', 'ALICE.WONDERLAND@EXAMPLE.COM', 'same_as_email'],
    ['its local part', 'Alice.Wonderland', 'same_as_email'],
    ['its local part in full width', 'ａlice.wonderland', 'same_as_email'],
  ];
  for (const [what, password, rule] of table) t.equal(await outcome(password), rule, what);
});

t.test('the error names the field that was asked about, and never holds the password', async (t) => {
  const password = 'hunter2hunter2hunter2';
  for (const field of ['password', 'new_password'] as const) {
    try {
      await policy.check(password, { field, email });
      t.fail('accepted');
    } catch (error) {
      t.match(error, { code: 'password_refused', errors: [{ field, rule: 'repetition', message: String }] });
      t.notMatch(JSON.stringify(error) + String(error), 'hunter2');
    }
  }
});

t.test('what is hashed is NFC: two keyboards, one password', async (t) => {
  const composed = 'caf\u00e9 au lait, s il vous pla\u00eet';
  const combining = composed.normalize('NFD');
  t.not(combining, composed);
  t.equal(await policy.check(combining, { field: 'password', email }), composed);
  t.equal(normalisePassword(combining), composed);
});

t.test('NFC only: what looks alike is still another password', (t) => {
  const table: [string, string, string][] = [
    ['a ligature', 'de\ufb01ne the word again', 'define the word again'],
    ['full width', '\uff50assword of a kind', 'password of a kind'],
    ['case', 'Password of a kind', 'password of a kind'],
    ['a NUL and what follows', 'password of\0a kind', 'password of\0b kind'],
    ['a trailing space', 'password of a kind ', 'password of a kind'],
  ];
  for (const [what, one, other] of table) t.not(normalisePassword(one), normalisePassword(other), what);
  t.end();
});

t.test('at login only what no user can have set has no normal form', (t) => {
  t.equal(normalisePassword(''), '', 'nothing is merely wrong');
  t.equal(normalisePassword('short'), 'short', 'a short one is merely wrong');
  t.equal(normalisePassword('x'.repeat(1_024))?.length, 1_024);
  t.equal(normalisePassword('x'.repeat(1_025)), undefined, '1025 bytes');
  t.equal(normalisePassword('é'.repeat(513)), undefined, '1026 bytes of 513 characters');
  t.equal(normalisePassword('e\u0301'.repeat(512)), '\u00e9'.repeat(512), '1024 bytes after NFC');
  t.equal(normalisePassword('x'.repeat(10_000_000)), undefined, 'ten megabytes');
  t.equal(normalisePassword('\ud800'), undefined, 'a lone surrogate');
  t.end();
});

t.test('two lists of common passwords say the same', (t) => {
  const [one, other] = [createCommonPasswords(), createCommonPasswords()];
  for (const list of [one, other]) {
    t.equal(list.includes('PASSWORD'), true);
    t.equal(list.includes('qwerty123456789'), true);
    t.equal(list.includes('correct horse battery staple'), false);
    t.equal(list.includes('constructor__proto__'), false);
  }
  t.end();
});
