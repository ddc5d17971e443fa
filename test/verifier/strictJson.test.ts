import { isDeepStrictEqual } from 'node:util';
import { parseStrictObject } from '@countersign/verifier/tokens/strictJson';
import { anything, assert as check, dictionary, jsonValue, property, string, uint8Array } from 'fast-check';
import t from 'tap';

const parse = (text: string | Uint8Array) => parseStrictObject(Buffer.from(text as string));

t.test('an object reads as JSON.parse reads it', (t) => {
  const table: [string, string][] = [
    ['empty', '{}'],
    ['every kind of value', '{"a":1,"b":"x","c":null,"d":true,"e":[],"f":{},"g":-1.5e-3}'],
    ['white space inside', '{ "a" :\t1 ,\r\n "b" : [ 1 , 2 ] }'],
    ['a name again in an object inside', '{"a":{"a":{"a":1}}}'],
    ['a name again in the object beside', '{"x":{"a":1},"y":{"a":1}}'],
    ['a name again in each object of an array', '{"x":[{"a":1},{"a":1}]}'],
    ['a name that was a value', '{"a":"b","b":"a"}'],
    ['a value again in an array', '{"a":["b","b","b"],"b":1}'],
    ['names that differ in case', '{"a":1,"A":2}'],
    ['names that look alike', '{"a":1,"\u0430":2}'],
    ['names that differ in their Unicode form', '{"\u00e9":1,"e\u0301":2}'],
    ['an empty name', '{"":1}'],
    ['brackets and commas in strings', '{"a":"},{\\"a\\":1,[","b":"]}","c":"{"}'],
    ['back slashes before quotes', '{"a":"\\\\","b":"\\\\\\"","c":"\\\\\\\\"}'],
    ['an array between members', '{"a":[1,[2,{"a":3}],"a"],"b":1}'],
    ['a pair of surrogates, escaped', '{"a":"\\ud83d\\ude00"}'],
    ['a character of four bytes', '{"a":"😀"}'],
    ['U+FFFD and other odd ones that are characters', '{"a":"\ufffd\uffff\u2028"}'],
    ['a poisonous name as a value', '{"a":"__proto__","b":["constructor"]}'],
    ['names that only resemble the poisonous', '{"__proto":1,"_proto__":2,"Constructor":3,"prototypes":4}'],
  ];
  for (const [what, text] of table) t.strictSame(parse(text), JSON.parse(text), what);
  t.end();
});

t.test('no object has two members of one name', (t) => {
  const table: [string, string][] = [
    ['side by side', '{"a":1,"a":2}'],
    ['with one value', '{"a":1,"a":1}'],
    ['far apart', '{"a":1,"b":2,"c":{"d":[3]},"a":2}'],
    ['behind an object', '{"a":{},"a":1}'],
    ['behind an array', '{"a":[],"a":1}'],
    ['behind a string of brackets', '{"a":"}{","a":1}'],
    ['by an escape', '{"a":1,"\\u0061":2}'],
    ['by an escape in upper case', '{"j":1,"\\u006A":2}'],
    ['by an escaped slash', '{"a/b":1,"a\\/b":2}'],
    ['by an escaped pair of surrogates', '{"😀":1,"\\ud83d\\ude00":2}'],
    ['without a name', '{"":1,"":2}'],
    ['with white space before the colon', '{"a" :1,"a"\n:2}'],
    ['in an object inside', '{"x":{"a":1,"a":2}}'],
    ['in an object in an array', '{"x":[0,{"a":1,"a":2}]}'],
    ['far inside', '{"x":[[{"y":{"z":[{"a":1,"b":[],"a":2}]}}]]}'],
    ['three of them', '{"a":1,"a":2,"a":3}'],
  ];
  for (const [what, text] of table) t.equal(parse(text), undefined, what);
  t.end();
});

t.test('no member has a name with a meaning for objects', (t) => {
  const table: [string, string][] = [
    ['__proto__', '{"__proto__":{"sub":"x"}}'],
    ['__proto__ with a plain value', '{"__proto__":1}'],
    ['__proto__ by an escape', '{"\\u005f_proto__":{}}'],
    ['__proto__ inside', '{"a":{"__proto__":null}}'],
    ['__proto__ in an array', '{"a":[{"__proto__":null}]}'],
    ['constructor', '{"constructor":{"prototype":{}}}'],
    ['constructor by an escape', '{"con\\u0073tructor":1}'],
    ['constructor inside', '{"a":[{"b":{"constructor":1}}]}'],
    ['prototype', '{"prototype":1}'],
  ];
  for (const [what, text] of table) t.equal(parse(text), undefined, what);
  t.end();
});

t.test('nothing stands around it, and it is one object', (t) => {
  const table: [string, string][] = [
    ['nothing at all', ''],
    ['a byte order mark', '\ufeff{}'],
    ['a byte order mark after', '{}\ufeff'],
    ['a space before', ' {}'],
    ['a space after', '{} '],
    ['a newline before', '\n{}'],
    ['a newline after', '{}\n'],
    ['a carriage return after', '{}\r'],
    ['a tab after', '{}\t'],
    ['NUL after', '{}\0'],
    ['a letter after', '{}x'],
    ['a bracket after', '{}}'],
    ['a second object', '{}{}'],
    ['a second object in a list', '{},{}'],
    ['an array', '[]'],
    ['an array of an object', '[{}]'],
    ['a string', '"{}"'],
    ['a number', '1'],
    ['null', 'null'],
    ['true', 'true'],
    ['an object that does not end', '{"a":1'],
    ['a comma too many', '{"a":1,}'],
    ['a comma first', '{,"a":1}'],
    ['a name without quotes', '{a:1}'],
    ['single quotes', "{'a':1}"],
    ['a comment', '{"a":1/* */}'],
    ['a number that is none', '{"a":NaN}'],
    ['a number with a leading zero', '{"a":01}'],
    ['a number with a plus sign', '{"a":+1}'],
    ['a form feed inside', '{\f"a":1}'],
    ['a no-break space inside', '{\u00a0"a":1}'],
  ];
  for (const [what, text] of table) t.equal(parse(text), undefined, what);
  t.end();
});

t.test('its text is well-formed UTF-8', (t) => {
  const inString = (...bytes: number[]) =>
    Buffer.concat([Buffer.from('{"a":"'), Buffer.of(...bytes), Buffer.from('"}')]);
  t.strictSame(parse(inString(0xc3, 0xa9)), { a: 'é' }, 'the object that the rows below spoil');
  const table: [string, Uint8Array][] = [
    ['a byte that never occurs', inString(0xff)],
    ['a continuation byte alone', inString(0x80)],
    ['a character that is cut', inString(0xe2, 0x82)],
    ['an overlong slash', inString(0xc0, 0xaf)],
    ['an overlong NUL', inString(0xc0, 0x80)],
    ['a high surrogate', inString(0xed, 0xa0, 0x80)],
    ['a low surrogate', inString(0xed, 0xb0, 0x80)],
    ['a pair of surrogates, each in three bytes', inString(0xed, 0xa0, 0xbd, 0xed, 0xb8, 0x80)],
    ['beyond Unicode', inString(0xf4, 0x90, 0x80, 0x80)],
    ['UTF-16, little end first', Buffer.from('{"a":"b"}', 'utf16le')],
    ['Latin-1', Buffer.from('{"a":"é"}', 'latin1')],
  ];
  for (const [what, bytes] of table) t.equal(parse(bytes), undefined, what);
  t.end();
});

t.test('its strings are characters: no lone surrogates, no NUL', (t) => {
  const table: [string, string][] = [
    ['a high surrogate in a value', '{"a":"\\ud800"}'],
    ['a low surrogate in a value', '{"a":"\\udfff"}'],
    ['two high ones', '{"a":"\\ud83d\\ud83d"}'],
    ['a pair the wrong way round', '{"a":"\\ude00\\ud83d"}'],
    ['one that text follows', '{"a":"\\ud83dx"}'],
    ['one far inside', '{"a":[{"b":["x","\\uD800"]}]}'],
    ['one in a name', '{"\\ud800":1}'],
    ['one in a name far inside', '{"a":[{"\\udc00":1}]}'],
    ['NUL as it is', '{"a":"\0"}'],
    ['NUL as it is, in a name', '{"\0":1}'],
    ['NUL as an escape', '{"a":"\\u0000"}'],
    ['NUL as an escape, far inside', '{"a":[{"b":"admin\\u0000x"}]}'],
    ['NUL as an escape in a name', '{"a\\u0000":1}'],
    ['a newline as it is', '{"a":"\n"}'],
    ['an escape that does not exist', '{"a":"\\x41"}'],
  ];
  for (const [what, text] of table) t.equal(parse(text), undefined, what);
  t.strictSame(parse('{"a":"\\\\ud800 \\\\u0000"}'), { a: '\\ud800 \\u0000' }, 'a back slash is one');
  t.end();
});

t.test('depth and size are no trouble', (t) => {
  const depth = 100_000;
  const arrays = '['.repeat(depth) + ']'.repeat(depth);
  const objects = `${'{"a":'.repeat(depth)}1${'}'.repeat(depth)}`;
  t.equal(parse(arrays), undefined, 'arrays only');
  t.ok(parse(`{"a":${arrays}}`), 'arrays in an object');
  t.ok(parse(objects), 'objects');
  t.equal(parse(`{"a":${arrays},"a":1}`), undefined, 'a second member behind them is still found');
  t.equal(parse(`{"a":${'['.repeat(depth)}}`), undefined, 'arrays that do not end');
  t.ok(parse(`{"a":"${'x'.repeat(1_000_000)}"}`), 'a long string');
  t.equal(parse(`{"a":"${'\\"'.repeat(500_000)}`), undefined, 'a long string that does not end');
  t.end();
});

t.test('no object gives another one members', (t) => {
  parse('{"__proto__":{"polluted":true},"constructor":{"prototype":{"polluted":true}}}');
  t.equal(Reflect.get({}, 'polluted'), undefined);
  t.end();
});

const objects = dictionary(string({ unit: 'binary' }), jsonValue({ stringUnit: 'binary' }), {
  noNullPrototype: true,
});
const isRefused = (text: string) => /"(__proto__|constructor|prototype)":|\\u0000/.test(text);

t.test('whatever JSON.stringify writes reads back as the same object', (t) => {
  let read = 0;
  const same = property(objects, (object) => {
    const text = JSON.stringify(object);
    if (isRefused(text)) return;
    read += 1;
    // What was written, not the object: JSON has no negative zero.
    const parsed = parse(text);
    if (!isDeepStrictEqual(parsed, JSON.parse(text)))
      throw new Error(`${text} became ${JSON.stringify(parsed)}`);
  });
  t.doesNotThrow(() => check(same, { numRuns: 5_000 }));
  t.ok(read > 4_000, `${read} of them were read`);
  t.end();
});

t.test('with any of its members written twice it is refused', (t) => {
  const twice = property(objects, string({ unit: 'binary', maxLength: 3 }), (object, name) => {
    const member = `${JSON.stringify(name)}:0`;
    const others = JSON.stringify({ ...object, [name]: 1 }).slice(1, -1);
    for (const text of [`{${member},${others}}`, `{${others},${member}}`, `{"x":[{${others},${member}}]}`]) {
      if (parse(text) !== undefined) throw new Error(`${text} was read`);
    }
  });
  t.doesNotThrow(() => check(twice, { numRuns: 2_000 }));
  t.end();
});

t.test('it never throws', (t) => {
  const bytes = property(uint8Array(), (bytes) => void parse(bytes));
  const texts = property(string({ unit: 'binary' }), (text) => void parse(`{${text}}`));
  const others = property(anything(), (value) => void parse(JSON.stringify(value) ?? ''));
  t.doesNotThrow(() => check(bytes, { numRuns: 5_000 }), 'of any bytes');
  t.doesNotThrow(() => check(texts, { numRuns: 5_000 }), 'of anything in brackets');
  t.doesNotThrow(() => check(others, { numRuns: 2_000 }), 'of any JSON');
  t.end();
});
