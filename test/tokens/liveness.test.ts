/** Tokens with the right form and the right key, at the wrong time: J11, J23 and J31 at every door. */

import { systemClock } from '@countersign/verifier/clock';
import type { SessionId } from '@countersign/verifier/ids';
import t from 'tap';
import { timesOfReading } from '../support/attackClaims.ts';
import { malleableTwin } from '../support/attackTable.ts';
import { password } from '../support/authority.ts';
import { type Answer, claimsOf } from '../support/clients.ts';
import { startWithKnownKey } from '../support/knownKey.ts';
import { createRevocationClient } from '../support/revocationClient.ts';
import { openTokenForge } from '../support/tokenForge.ts';
import { type Door, endingDoors, readingDoors, type Said } from '../support/transports.ts';

const alice = 'alice@example.com';
let now = Date.UTC(2030, 0, 1, 12);
let start = now;
const clock = { ...systemClock, now: () => now };

const authority = await startWithKnownKey(clock);
t.teardown(() => authority.stop());
const client = createRevocationClient(`127.0.0.1:${authority.grpcPort}`, authority.serviceToken);
t.teardown(() => client.close());
const reading = readingDoors(authority);
const ending = endingDoors(authority, client);
await authority.register(alice);
// Never back: the authority would take no notice (clockSetBack.test.ts).
t.beforeEach(() => {
  start = Math.ceil(now / 1000) * 1000 + 3_600_000;
  now = start;
});

const login = async (email = alice) => (await authority.login(email)).access_token;
const says = async (doors: readonly Door[], token: string) =>
  Promise.all(doors.map(async (door) => [door.name, await door.says(token)]));
const all = (doors: readonly Door[], said: Said) => doors.map((door) => [door.name, said]);

async function forgeInNewSession(email = alice) {
  const { sid, sub } = claimsOf(await login(email));
  return openTokenForge(now, { key: authority.key, session: { sid: sid as SessionId, sub } });
}

t.test('J11: of a token and its twin, whichever is revoked, both are', async (t) => {
  for (const revoked of ['good', 'twin'] as const) {
    const forge = await forgeInNewSession();
    const tokens = { good: forge.good, twin: malleableTwin(forge) };
    t.not(tokens.good, tokens.twin);
    for (const [which, token] of Object.entries(tokens))
      t.strictSame(await says(reading, token), all(reading, 'accepted'), which);
    await client.revoke({ token: tokens[revoked] });
    for (const [which, token] of Object.entries(tokens))
      t.strictSame(await says(reading, token), all(reading, 'refused'), `${which}, after ${revoked}`);
  }
});

t.test('J23: at exp every door refuses it, to the millisecond and without skew', async (t) => {
  const forge = await forgeInNewSession();
  const times = timesOfReading(forge).filter(([, at]) => at >= start);
  for (const [what, at, outcome] of times.toSorted(([, one], [, other]) => one - other)) {
    now = at;
    // What is still good is not shown to the doors that would end it.
    const good = outcome === 'valid';
    const doors = good ? reading : [...reading, ...ending];
    t.strictSame(await says(doors, forge.good), all(doors, good ? 'accepted' : 'refused'), what);
  }
});

interface Bump {
  readonly what: string;
  readonly email: string;
  readonly bump: (token: string) => Promise<Answer>;
  /** What becomes of the token that asked for it. */
  readonly caller: Said;
  readonly passwordAfter: string;
}

const changed = 'nine yellow submarines under the ice';
const bumps: readonly Bump[] = [
  {
    what: 'logout everywhere',
    email: 'everywhere@example.com',
    bump: (token) => authority.call('POST', '/auth/logout-all', { token }),
    caller: 'refused',
    passwordAfter: password,
  },
  {
    what: 'a changed password',
    email: 'changed@example.com',
    bump: (token) => {
      const body = { current_password: password, new_password: changed };
      return authority.call('POST', '/auth/password', { token, body });
    },
    caller: 'accepted',
    passwordAfter: changed,
  },
];

for (const { what, email, bump, caller, passwordAfter } of bumps) {
  t.test(`J31: ${what} ends what was issued before, at once and for good`, async (t) => {
    await authority.register(email);
    const [mine, other] = [await login(email), await login(email)];
    const forge = await forgeInNewSession(email);
    const ver = Number(claimsOf(other)['ver']);
    // It is the session that ends: to claim the version that comes after helps nobody.
    const [forged, laterVersion] = [forge.withClaims({ ver }), forge.withClaims({ ver: ver + 1 })];
    const before = { other, forged, laterVersion };
    for (const [which, token] of Object.entries({ mine, ...before }))
      t.strictSame(await says(reading, token), all(reading, 'accepted'), which);
    t.equal((await bump(mine)).status, 204);

    const body = { email, password: passwordAfter };
    const { access_token: after } = (await authority.call('POST', '/auth/login', { body })).body;
    t.equal(claimsOf(after)['iat'], claimsOf(other)['iat'], 'the next one is issued in the same second');
    for (const [when, ahead] of [
      ['at once', 0],
      ['a second later', 1_000],
      ['until the end', 899_999],
    ] as const) {
      now = start + ahead;
      for (const [which, token] of Object.entries(before))
        t.strictSame(await says(reading, token), all(reading, 'refused'), `${when}: ${which}`);
      t.strictSame(await says(reading, mine), all(reading, caller), `${when}: the one that asked for it`);
      t.strictSame(await says(reading, after), all(reading, 'accepted'), `${when}: the next one`);
    }
  });
}

t.test('nothing of all this was an error of ours', (t) => {
  t.notMatch(authority.log(), /"level":"(warn|error|fatal)"|"status":5\d\d|eyJ/);
  t.end();
});
