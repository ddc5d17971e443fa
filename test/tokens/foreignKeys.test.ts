/** When the keys of an earlier issuer are fetched, and for how long they are believed. Real HTTP, a clock of the test's. */
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import t, { type Test } from 'tap';
import { openForeignKeys } from '../../src/tokens/earlierIssuers/foreignKeys.ts';
import { tokenLimits } from '../../src/tokens/limits.ts';
import { earlierIssuerName, jwksOf, newForeignKey, startJwks } from '../support/earlierIssuer.ts';
import { eventually } from '../support/eventually.ts';
import { createManualClock } from '../support/manualClock.ts';

const [old, fresh] = [newForeignKey('ES256'), newForeignKey('ES256')] as const;
const minute = 60_000;

async function keysOf(t: Test) {
  const jwks = await startJwks(t, [old]);
  const clock = createManualClock(Date.now());
  const faults: string[] = [];
  const issuer = {
    ...{ issuer: earlierIssuerName, jwks: { url: jwks.url }, audience: 'shop' },
    ...{ algorithms: ['ES256'] as const, until: Number.POSITIVE_INFINITY },
  };
  const onFault = (part: string, error: unknown) => void faults.push(`${part}: ${(error as Error).message}`);
  return { jwks, clock, faults, keys: await openForeignKeys({ issuer, clock, onFault }) };
}

const unavailable = { code: 'unavailable', reason: 'earlier_keys' };

t.test(
  'fetched when needed, once for all who ask, and again after ten minutes, while nobody waits',
  async (t) => {
    const { jwks, clock, keys } = await keysOf(t);
    t.equal(jwks.requests, 0, 'nobody has asked');
    const sets = await Promise.all(Array.from({ length: 50 }, () => keys.current()));
    t.equal(new Set(sets).size, 1);
    t.equal(jwks.requests, 1);
    await clock.advance(tokenLimits.earlierKeysFreshMilliseconds - 1);
    t.equal(await keys.current(), sets[0]);
    t.equal(jwks.requests, 1);
    await clock.advance(1);
    t.equal(await keys.current(), sets[0], 'the old ones at once');
    await eventually('it is asked', () => jwks.requests === 2);
    await eventually('the new ones come', async () => (await keys.current()) !== sets[0]);
    t.equal(jwks.requests, 2);
  },
);

t.test('a key that is not there: asked for once a minute', async (t) => {
  const { jwks, clock, keys } = await keysOf(t);
  const first = await keys.current();
  t.equal(await keys.after(first), undefined, 'these are new');
  t.equal(jwks.requests, 1);
  await clock.advance(minute);
  jwks.publish([old, fresh]);
  const [second, ...same] = await Promise.all([keys.after(first), keys.after(first), keys.after(first)]);
  t.ok(second !== undefined && second !== first);
  t.strictSame(same, [second, second]);
  t.equal(jwks.requests, 2);
  t.equal(await keys.after(first), second, 'whoever used the older ones learns of the newer');
  t.equal(await keys.after(second as NonNullable<typeof second>), undefined);
  t.equal(jwks.requests, 2, 'invented keys are no load');
});

t.test(
  'an issuer that is switched off: its keys are believed for a day, then there is no answer',
  async (t) => {
    const { jwks, clock, faults, keys } = await keysOf(t);
    const set = await keys.current();
    jwks.stop();
    await clock.advance(tokenLimits.earlierKeysFreshMilliseconds);
    t.equal(await keys.current(), set);
    await eventually('the fault is told', () => faults.length === 1);
    t.match(faults, [/^keys of https:\/\/old\.example\/realms\/main: /]);
    await t.rejects(keys.after(set), unavailable, 'whether there is another key cannot be known');
    await clock.advance(
      tokenLimits.earlierKeysBelievedMilliseconds - tokenLimits.earlierKeysFreshMilliseconds - 1,
    );
    t.equal(await keys.current(), set);
    await clock.advance(1);
    await t.rejects(keys.current(), unavailable);
  },
);

t.test('without any keys it is asked every five seconds', async (t) => {
  const { jwks, clock, keys } = await keysOf(t);
  const { answer } = jwks;
  jwks.answer = (response) => void response.writeHead(503).end();
  await t.rejects(keys.current(), unavailable);
  jwks.answer = answer;
  await clock.advance(tokenLimits.earlierKeysRetryMilliseconds - 1);
  await t.rejects(keys.current(), unavailable);
  t.equal(jwks.requests, 1);
  await clock.advance(1);
  t.ok(await keys.current());
});

t.test('what is no JWK Set of a reasonable size is none', async (t) => {
  const elsewhere = createServer((_request, response) => void response.end(jwksOf([old])));
  await once(elsewhere.listen(0, '127.0.0.1'), 'listening');
  t.teardown(() => void elsewhere.close());
  const location = `http://127.0.0.1:${(elsewhere.address() as AddressInfo).port}/`;
  for (const [what, answer, fault] of [
    ['a redirect', (r) => r.writeHead(302, { location }).end(), /./],
    ['not found', (r) => r.writeHead(404).end(jwksOf([old])), /status 404/],
    ['a page', (r) => r.end('<html>'), /./],
    ['no keys', (r) => r.end('{"keys":[]}'), /0 keys/],
    ['many keys', (r) => r.end(JSON.stringify({ keys: Array(101).fill({ kty: 'EC' }) })), /101 keys/],
    ['a megabyte', (r) => r.end(`{"keys":[{"kty":"EC"}],"x":"${'x'.repeat(1_000_000)}"}`), /too large/],
    ['a broken answer', (r) => r.writeHead(200, { 'content-length': 99 }).write('{') && r.destroy(), /./],
  ] as readonly (readonly [
    string,
    (r: Parameters<Awaited<ReturnType<typeof startJwks>>['answer']>[0]) => unknown,
    RegExp,
  ])[]) {
    const { jwks, faults, keys } = await keysOf(t);
    jwks.answer = (response) => void answer(response);
    await t.rejects(keys.current(), unavailable, what);
    t.match(faults, [fault], what);
  }
});

t.test('an answer that does not come is not waited for', async (t) => {
  const { jwks, clock, faults, keys } = await keysOf(t);
  jwks.answer = () => {};
  const asked = keys.current().catch((error) => error);
  await eventually('it was asked', () => jwks.requests === 1);
  await clock.advance(tokenLimits.earlierKeysMilliseconds);
  t.match(await asked, unavailable);
  t.match(faults, [/too late/]);
  t.equal(clock.timers(), 0);
});
