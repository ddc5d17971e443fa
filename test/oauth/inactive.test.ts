/** Introspection: whoever asks about a token that is not active cannot tell why, by no byte of the answer. */
import t from 'tap';
import { password, type Tokens } from '../support/authority.ts';
import { claimsOf } from '../support/clients.ts';
import { basic, operator, startIssuer } from '../support/oauthClients.ts';
import { createShiftedClock } from '../support/shiftedClock.ts';
import { openTokenForge } from '../support/tokenForge.ts';

const [orders, payroll] = ['orders.example', 'payroll.example'];
const signed = 'application/token-introspection+jwt';

t.test('what is not active is alike to the byte', async (t) => {
  const clock = createShiftedClock();
  const { issuer, operations, client, register, login, call } = await startIssuer(t, { clock });
  for (const audience of [orders, payroll])
    await operations.setResource({ audience, scopes: [], everyone: [], accessTtlMs: undefined }, operator);
  await register('alice@example.com');
  const permissions = ['tokens.introspect'] as const;
  const reader = await client('reader', { permissions, audiences: ['countersign', orders] });
  const loginAt = async (audience: string) => {
    const body = { email: 'alice@example.com', password, audience };
    return (await call('POST', '/auth/login', { body })).body as Tokens;
  };

  const expired = await login('alice@example.com');
  clock.shift(20 * 60_000);
  const [live, dead] = [await login('alice@example.com'), await login('alice@example.com')];
  await call('POST', '/auth/logout', { token: dead.access_token });
  const [head = '', body = '', signature = ''] = live.access_token.split('.');
  const { kid } = JSON.parse(Buffer.from(head, 'base64url').toString());
  const claims = claimsOf(live.access_token);
  const forge = await openTokenForge(clock.now());
  const rows: readonly (readonly [what: string, token: string])[] = [
    ['garbage', 'x'],
    ['long garbage', 'a'.repeat(9_000)],
    ['another signature', `${head}.${body}.${signature.slice(0, -4)}AAAA`],
    ['expired', expired.access_token],
    ['revoked', dead.access_token],
    ['a refresh token', live.refresh_token],
    ['of a foreign key', forge.withClaims(claims)],
    [
      'of a foreign key by the name of ours',
      forge.ofTexts(JSON.stringify({ ...forge.header, kid }), JSON.stringify(claims)),
    ],
    ['of a foreign issuer', forge.withClaims({ ...claims, iss: 'https://other.example' })],
    ['of an audience that it may not see', (await loginAt(payroll)).access_token],
  ];
  const ask = async (token: string, accept: string) => {
    const response = await fetch(`${issuer}/oauth2/introspect`, {
      ...{ method: 'POST', body: new URLSearchParams({ token }) },
      headers: { ...basic(reader.id, reader.secret), accept },
    });
    // What every answer has of its own: when, and which request.
    const own = ['date', 'x-request-id'];
    const headers = [...response.headers].filter(([name]) => !own.includes(name));
    return { text: await response.text(), status: response.status, headers };
  };
  const [usual, usualSigned] = [await ask('y', 'application/json'), await ask('y', signed)];
  t.match(usual, { status: 200, text: /^\{"active":false\}$/ });
  t.match(new Map(usual.headers).get('content-type'), 'application/json');
  t.match(new Map(usualSigned.headers).get('content-type'), signed);
  for (const [what, token] of rows) {
    t.strictSame(await ask(token, 'application/json'), usual, what);
    t.strictSame(readSigned(await ask(token, signed)), readSigned(usualSigned), `${what}, signed`);
  }
  for (const { access_token: token } of [live, await loginAt(orders)])
    t.match(JSON.parse((await ask(token, 'application/json')).text), { active: true }, 'of its own two');
});

/** All of a signed answer but its time and its signature, whose length stays. */
function readSigned({ text, ...answer }: { readonly text: string }) {
  const [head = '', body = '', signature = ''] = text.split('.');
  const [header, claims] = [head, body].map((part) => Buffer.from(part, 'base64url').toString());
  return { ...answer, header, claims: claims?.replace(/"iat":\d{10}/, ''), signature: signature.length };
}
