/**
 * Every door gives the same outcome for every row of the attack tables, and refuses with an answer that never differs.
 *
 * | attack                                        | proved, beside here, in                                     |
 * |-----------------------------------------------|-------------------------------------------------------------|
 * | J1–J5, J7, J8, J10, J12, J14–J20, J27–J29     | verifier/accessTokenReader.test.ts                              |
 * | J6: no row opens a connection                 | verifier/accessTokenReader.test.ts                              |
 * | J9, J13: not tokens, but keys at their import | keys/keyRing.test.ts                                        |
 * | J11: both spellings are revoked together      | verifier/accessTokenReader.test.ts, tokens/liveness.test.ts      |
 * | J14, of one byte                              | tokens/tokenBytes.test.ts                                     |
 * | J21, J22, J24–J26, J30                        | verifier/accessTokenReaderClaims.test.ts                        |
 * | J23                                           | the same, tokens/liveness.test.ts, tokens/clockSetBack.test.ts |
 * | J27, N × N                                    | tokens/kinds.test.ts                                         |
 * | J29, a key that was retired                   | keys/keyRing.test.ts                                        |
 * | J31                                           | tokens/liveness.test.ts                                      |
 * | J32                                           | verifier/denyListLoading.test.ts, revocation/propagation/loading.test.ts          |
 * | J33, and the rate of it                       | verifier/denyList.test.ts, verifier/bloomFilter.test.ts             |
 */
import { deepStrictEqual } from 'node:assert/strict';
import { systemClock } from '@countersign/verifier/clock';
import type { SessionId } from '@countersign/verifier/ids';
import { asyncProperty, assert as check, nat, tuple, uint8Array } from 'fast-check';
import t, { type Test } from 'tap';
import { openGuard } from '../../packages/guard/src/guard.ts';
import { attacksOnClaims } from '../support/attackClaims.ts';
import { attacksOnForm } from '../support/attackTable.ts';
import { claimsOf } from '../support/clients.ts';
import { type KnownAuthority, startWithKnownKey } from '../support/knownKey.ts';
import { createRevocationClient } from '../support/revocationClient.ts';
import { openTokenForge, type TokenForge, type TokenRow } from '../support/tokenForge.ts';
import { type Door, endingDoors, guardDoor, readingDoors, type Said } from '../support/transports.ts';

/** Time stands still on a whole second: rows are about skew to the second. */
const now = Date.UTC(2030, 0, 1, 12);
const clock = { ...systemClock, now: () => now };

t.test('one authority, whose key the attacker has', async (t) => {
  const authority = await startWithKnownKey(clock);
  t.teardown(() => authority.stop());
  const client = createRevocationClient(`127.0.0.1:${authority.grpcPort}`, authority.serviceToken);
  t.teardown(() => client.close());
  await authority.register('alice@example.com');
  const { access_token } = await authority.login('alice@example.com');
  const { sid, sub } = claimsOf(access_token);
  const forge = await openTokenForge(now, { key: authority.key, session: { sid: sid as SessionId, sub } });
  const tables = [...(await attacksOnForm(forge)), ...attacksOnClaims(forge)];
  const { serviceToken } = authority;
  const about = { authority: `127.0.0.1:${authority.grpcPort}`, audience: forge.claims.aud, serviceToken };
  const guard = openGuard(about, { clock });
  t.teardown(() => guard.close());
  await guard.ready();
  const reading = [...readingDoors(authority), guardDoor(guard)];
  const ending = endingDoors(authority, client);
  const doors = [...reading, ...ending];
  const isRefused = ([, token, outcome]: TokenRow) =>
    doors.every((door) => expected(door, forge, token, outcome) !== 'accepted');

  t.test('what the forge makes is accepted, as what was issued is', async (t) => {
    for (const door of reading) {
      t.equal(await door.says(access_token), 'accepted', `${door.name}: issued`);
      t.equal(await door.says(forge.good), 'accepted', `${door.name}: forged`);
    }
  });

  for (const { title, rows } of tables) {
    t.test(`refused by every door: ${title}`, async (t) => {
      for (const row of rows.filter(isRefused)) await askEvery(t, doors, forge, row);
    });
  }

  t.test('the machine knows why, and nobody else', async (t) => {
    const [me] = reading as [Door, ...Door[]];
    const asked = tables.flatMap(({ rows }) => rows.filter(isRefused));
    const counts = reasonsOf(me, asked);
    t.strictSame(
      await countedReasons(authority),
      counts,
      'each refusal was counted under the outcome of its row',
    );
    t.equal(Object.keys(counts).length, 11, 'all ten faults of the reader, and what is no bearer token');
  });

  t.test('refused by every door: a byte changed, and random bytes', async (t) => {
    const changed = tuple(nat(forge.good.length - 1), nat(255)).map(
      ([at, byte]) => forge.good.slice(0, at) + String.fromCharCode(byte) + forge.good.slice(at + 1),
    );
    const random = uint8Array({ maxLength: 200 }).map((bytes) => Buffer.from(bytes).toString('latin1'));
    for (const [what, tokens] of Object.entries({ changed, random })) {
      const all = asyncProperty(tokens, async (token) => {
        if (token === forge.good) return;
        for (const door of doors)
          deepStrictEqual(await door.says(token), expected(door, forge, token, 'malformed'), door.name);
      });
      await t.resolves(check(all, { numRuns: 200 }), what);
    }
  });

  const rest = tables.flatMap(({ rows }) => rows.filter((row) => !isRefused(row)));
  const ofSession: TokenRow[] = [['the token that the rows spoil', forge.good, 'valid'], ...rest];
  t.test('what one door accepts, every door does that hears the same', async (t) => {
    t.ok(rest.length > 15, `${rest.length} rows`);
    // Door by door, since the last ones end the session for all that come after.
    for (const door of doors) for (const row of ofSession) await askEvery(t, [door], forge, row);
  });

  t.test('and when one was taken back, all others are, under the same jti (J11)', async (t) => {
    for (const door of reading) {
      // Also that of another session, which no row is of: what a genuine token names was taken back.
      for (const [name, token] of ofSession)
        t.equal(await door.says(token), 'refused', `${door.name}: ${name}`);
    }
  });

  t.test('nothing of all this was an error of ours, and no token was logged', (t) => {
    const log = authority.log();
    t.match(log, /"level":"debug".*"code":"invalid_token"/, 'refusals are told');
    t.notMatch(log, /"level":"(warn|error|fatal)"/, 'and wake nobody');
    t.notMatch(log, /"status":5\d\d/, 'no answer was 5xx');
    const logged = tables.flatMap(({ rows }) => rows.filter(([, token]) => showsIn(log, token)));
    const names = logged.map(([name]) => name);
    t.strictSame(names, [], 'no token, and no part of one');
    t.ok(showsIn(`${log}${forge.good.slice(300)}`, forge.good), 'part of one would have been found');
    t.end();
  });
});

function expected(door: Door, forge: TokenForge, token: string, outcome: string): Said {
  const heard = door.hears(token);
  if (heard === undefined) return 'not carried';
  // White space at an end is the header's: what arrives is the good token.
  return outcome === 'valid' || heard === forge.good ? 'accepted' : 'refused';
}

async function askEvery(t: Test, doors: readonly Door[], forge: TokenForge, row: TokenRow): Promise<void> {
  const [name, token, outcome] = row;
  const said: Record<string, Said> = {};
  for (const door of doors) said[door.name] = await door.says(token);
  const should = doors.map((door) => [door.name, expected(door, forge, token, outcome)]);
  t.strictSame(said, Object.fromEntries(should), name);
}

/** How often HTTP heard what for each reason, when its two doors were asked these rows. */
function reasonsOf({ hears }: Door, rows: readonly TokenRow[]): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const [, token, outcome] of rows) {
    const heard = hears(token);
    if (heard === undefined) continue;
    const reason = bearerText.test(heard) ? outcome : 'not_bearer';
    counts[reason] = (counts[reason] ?? 0) + 2;
  }
  return counts;
}

/** RFC 6750 §2.1, but with `=` anywhere. */
const bearerText = /^[A-Za-z0-9._~+/=-]+$/;

async function countedReasons({ operations }: KnownAuthority): Promise<Record<string, number>> {
  const { body } = await operations('GET', '/metrics');
  const lines = /^countersign_refusals_total\{code="invalid_token",reason="(\w+)"\} (\d+)$/gm;
  const counted = [...String(body).matchAll(lines)];
  return Object.fromEntries(counted.map(([, reason, count]) => [reason, Number(count)]));
}

/** The token, or one of its parts that is long enough to be worth something. */
function showsIn(log: string, token: string): boolean {
  return [token, ...token.split('.')].some((part) => part.length > 20 && log.includes(part));
}
