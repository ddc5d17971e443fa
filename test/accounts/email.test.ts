import { AuthorityError } from '@countersign/verifier/errors';
import { string as anyString, assert as check, property } from 'fast-check';
import t from 'tap';
import { normaliseEmail } from '../../src/accounts/email.ts';

/** The rule that the address breaks, or the normalised address. */
function outcome(text: string): string {
  try {
    return normaliseEmail(text);
  } catch (error) {
    if (!(error instanceof AuthorityError)) throw error;
    const [fault] = error.errors ?? [];
    return `${error.code} ${fault?.field} ${fault?.rule}`;
  }
}

const characters = 'invalid_request email characters';
const format = 'invalid_request email format';
const size = 'invalid_request email size';

t.test('an address has one spelling', (t) => {
  const table: [string, string, string][] = [
    ['a plain one stays', 'alice@example.com', 'alice@example.com'],
    ['case', 'Alice@EXAMPLE.com', 'alice@example.com'],
    ['full width', 'ａｌｉｃｅ＠ｅｘａｍｐｌｅ．ｃｏｍ', 'alice@example.com'],
    ['an ideographic full stop in the domain', 'alice@example。com', 'alice@example.com'],
    ['a ligature', 'oﬃce@example.com', 'office@example.com'],
    ['the Kelvin sign', '\u212Aate@example.com', 'kate@example.com'],
    ['the long s', 'al\u017Fo@example.com', 'also@example.com'],
    ['mathematical letters', '\u{1D41A}lice@example.com', 'alice@example.com'],
    ['circled letters', 'ⓐlice@example.com', 'alice@example.com'],
    ['a composed accent', 'ren\u00e9@example.com', 'ren\u00e9@example.com'],
    ['a combining accent', 'rene\u0301@example.com', 'ren\u00e9@example.com'],
    ['capital accents', 'REN\u00c9@example.com', 'ren\u00e9@example.com'],
    ['a letter that is composed in lower case only', 'J\u030C@example.com', '\u01F0@example.com'],
    ['a domain in its own script', 'info@MÜNCHEN.example', 'info@xn--mnchen-3ya.example'],
    ['the same domain in ASCII', 'info@xn--mnchen-3ya.example', 'info@xn--mnchen-3ya.example'],
    ['a domain of one label', 'root@localhost', 'root@localhost'],
    ['a tag', 'alice+news@example.com', 'alice+news@example.com'],
    ['every sign of an atom', "a!#$%&'*+/=?^_`{|}~-@example.com", "a!#$%&'*+/=?^_`{|}~-@example.com"],
    ['64 bytes before the @', `${'a'.repeat(64)}@example.com`, `${'a'.repeat(64)}@example.com`],
  ];
  for (const [what, given, expected] of table) t.equal(outcome(given), expected, what);
  t.end();
});

t.test('look-alike letters of another script are another address', (t) => {
  const table: [string, string][] = [
    ['Cyrillic a', '\u0430lice@example.com'],
    ['Greek omicron', 'b\u03bfb@example.com'],
    ['dotless i', 'al\u0131ce@example.com'],
    ['digit one for l', 'a1ice@example.com'],
    ['a Cyrillic domain', 'alice@ex\u0430mple.com'],
  ];
  for (const [what, given] of table) {
    const address = outcome(given);
    t.notMatch(address, /^invalid_request/, `${what} is allowed`);
    t.notMatch(address, /^(alice|bob)@example\.com$/, `${what} is someone else`);
  }
  t.end();
});

t.test('what is no address is refused, naming the field and the rule', (t) => {
  const table: [string, string, string][] = [
    ['nothing', '', format],
    ['no @', 'alice', format],
    ['only an @', '@', format],
    ['two @', 'alice@bob@example.com', format],
    ['a full-width second @', 'alice@bob＠example.com', format],
    ['nothing before the @', '@example.com', format],
    ['nothing after the @', 'alice@', format],
    ['a dot first', '.alice@example.com', format],
    ['a dot last', 'alice.@example.com', format],
    ['two dots', 'al..ice@example.com', format],
    ['two dots, by compatibility', 'al\u2025ice@example.com', format],
    ['quotes', '"alice"@example.com', format],
    ['a comment', 'alice(home)@example.com', format],
    ['a display name', '<alice@example.com>', format],
    ['two addresses', 'alice@example.com,bob@example.com', format],
    ['a back slash', 'al\\ice@example.com', format],
    ['a space', 'al ice@example.com', characters],
    ['a space before', ' alice@example.com', characters],
    ['a newline after', 'alice@example.com\n', characters],
    ['a header', 'alice@example.com\r\nBcc: bob@example.com', characters],
    ['a no-break space', 'al\u00a0ice@example.com', characters],
    ['a space made by NFKC', 'al\u00a8ice@example.com', characters],
    ['NUL', 'alice\0@example.com', characters],
    ['a C1 control', 'alice\u0085@example.com', characters],
    ['a bidirectional override', 'alice\u202e@example.com', characters],
    ['a zero-width space', 'ali\u200bce@example.com', characters],
    ['a zero-width joiner', 'ali\u200dce@example.com', characters],
    ['a soft hyphen', 'ali\u00adce@example.com', characters],
    ['a soft hyphen in the domain', 'alice@exam\u00adple.com', characters],
    ['a byte order mark', '\ufeffalice@example.com', characters],
    ['an invisible filler', 'ali\u3164ce@example.com', characters],
    ['a variation selector', 'alice\ufe0f@example.com', characters],
    ['a tag character', 'alice\u{e0041}@example.com', characters],
    ['a private character', 'alice\ue000@example.com', characters],
    ['a lone surrogate', 'alice\ud800@example.com', characters],
    ['a lone surrogate in the domain', 'alice@\udfffexample.com', characters],
    ['65 bytes before the @', `${'a'.repeat(65)}@example.com`, size],
    ['65 bytes of 33 characters before the @', `${'é'.repeat(32)}a@example.com`, size],
    ['255 bytes', `a@${`${'b'.repeat(49)}.`.repeat(5)}com`, size],
    ['a megabyte', `${'a'.repeat(1_000_000)}@example.com`, size],
    ['a megabyte of spaces', ' '.repeat(1_000_000), size],
    ['an empty label', 'alice@example..com', format],
    ['a dot before the domain', 'alice@.example.com', format],
    ['a dot after the domain', 'alice@example.com.', format],
    ['a hyphen first', 'alice@-example.com', format],
    ['a hyphen last', 'alice@example-.com', format],
    ['an underscore', 'alice@ex_ample.com', format],
    ['a label of 64', `alice@${'b'.repeat(64)}.com`, format],
    ['a broken ACE label', 'alice@xn--a.com', format],
    ['a percent sign', 'alice@ex%61mple.com', format],
    ['a path', 'alice@example.com/x', format],
    ['a path by back slash', 'alice@example.com\\x', format],
    ['a query', 'alice@example.com?x', format],
    ['a fragment', 'alice@example.com#x', format],
    ['a port', 'alice@example.com:25', format],
    ['an address literal', 'alice@[127.0.0.1]', format],
    ['an IPv6 literal', 'alice@[::1]', format],
    ['an IPv4 address', 'alice@127.0.0.1', format],
    ['an IPv4 address in short', 'alice@127.1', format],
    ['an IPv4 address in hexadecimal', 'alice@0x7f000001', format],
    ['a slash made by NFKC', 'alice@example.com\u2100', format],
  ];
  for (const [what, given, expected] of table) t.equal(outcome(given), expected, what);
  t.end();
});

t.test('normalising twice changes nothing, and nothing but our refusal is ever thrown', (t) => {
  const local = anyString({ unit: 'binary', maxLength: 12 });
  const domain = anyString({ unit: 'grapheme', maxLength: 8 });
  let accepted = 0;
  const stable = property(local, domain, (before, after) => {
    const once = outcome(`${before}@${after}.example`);
    if (once.startsWith('invalid_request ')) return;
    accepted += 1;
    if (outcome(once) !== once) throw new Error(`${once} became ${outcome(once)}`);
    if (/[\p{Lu}\p{Z}\p{C}]/u.test(once.normalize('NFKC'))) throw new Error(`not in normal form: ${once}`);
  });
  check(stable, { numRuns: 5_000 });
  t.ok(accepted > 20, `${accepted} of them were addresses`);
  t.end();
});
