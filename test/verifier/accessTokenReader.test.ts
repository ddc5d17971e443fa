import { subscribe } from 'node:diagnostics_channel';
import { connect } from 'node:net';
import { createAccessTokenReader } from '@countersign/verifier/tokens/accessTokenReader';
import { assert as check, nat, property, string } from 'fast-check';
import t from 'tap';
import { alphabet, attacksOnForm, malleableTwin } from '../support/attackTable.ts';
import { audience, issuer, openTokenForge } from '../support/tokenForge.ts';

// Which attack is proved where is listed in test/tokens/attacks.test.ts, where every door is asked the same tables.

const now = Date.UTC(2030, 0, 1, 12);
const forge = await openTokenForge(now);
const { good } = forge;
const tables = await attacksOnForm(forge);

const reader = createAccessTokenReader({ keyRing: forge.keyRing, issuer, audience });
const outcome = (token: string) => {
  const read = reader.read(token, now);
  return read.valid ? 'valid' : read.fault;
};

for (const { title, rows } of tables) {
  t.test(title, (t) => {
    t.equal(outcome(good), 'valid', 'the token that the rows below spoil');
    for (const [name, token, expected] of rows) t.equal(outcome(token), expected, name);
    t.end();
  });
}

t.test('J11: a signature that was turned over is the same token under the same jti', (t) => {
  const twin = malleableTwin(forge);
  t.not(twin, good);
  t.strictSame(reader.read(twin, now), reader.read(good, now));
  t.end();
});

// "Except none": base64url is read strictly, so no two spellings of one token exist, and J11 needs 32 bytes changed.
t.test('no character of a good token can be changed', (t) => {
  const replaced = (at: number, by: string) => good.slice(0, at) + by + good.slice(at + 1);
  const next = (character: string) => alphabet[(alphabet.indexOf(character) + 1) % 64] as string;
  const positions = [...good].map((_, at) => at);
  const accepted = positions.filter((at) => outcome(replaced(at, next(good[at] as string))) === 'valid');
  t.strictSame(accepted, [], `each of its ${good.length} characters by the next one of the alphabet`);

  const byAny = property(
    nat(good.length - 1),
    string({ unit: 'binary', minLength: 1, maxLength: 1 }),
    (at, by) => by === good[at] || outcome(replaced(at, by)) !== 'valid',
  );
  t.doesNotThrow(() => check(byAny, { numRuns: 3_000 }), 'any by any character');
  const byLetter = property(
    nat(good.length - 1),
    nat(63),
    (at, by) => alphabet[by] === good[at] || outcome(replaced(at, alphabet[by] as string)) !== 'valid',
  );
  t.doesNotThrow(() => check(byLetter, { numRuns: 3_000 }), 'any by any of the alphabet');
  const leftOut = positions.filter((at) => outcome(replaced(at, '')) === 'valid');
  t.strictSame(leftOut, [], 'or be left out');
  t.end();
});

t.test('whatever the text, the answer is a fault and never an error', (t) => {
  const part = string({ unit: 'binary' });
  const refused = (token: string) => outcome(token) !== 'valid';
  t.doesNotThrow(() => check(property(part, refused), { numRuns: 5_000 }), 'any text');
  const dotted = property(part, part, part, (...parts) => refused(parts.join('.')));
  t.doesNotThrow(() => check(dotted, { numRuns: 5_000 }), 'any three parts');
  const signed = property(part, part, (first, second) => refused(forge.ofTexts(first, second)));
  t.doesNotThrow(() => check(signed, { numRuns: 2_000 }), 'any two texts, signed');
  t.end();
});

t.test('J6: reading opens no connection', async (t) => {
  const connections: unknown[] = [];
  subscribe('net.client.socket', (message) => void connections.push(message));
  for (const { rows } of tables) for (const [, token] of rows) outcome(token);
  t.strictSame(connections, []);
  connect(9, '127.0.0.1')
    .on('error', () => {})
    .destroy();
  t.equal(connections.length, 1, 'one would have been noticed');
});
