/** Refresh, over HTTP and a real database: one successor, lost responses, thieves, and races with what ends a session. */
import t from 'tap';
import { sessionLimits } from '../../src/sessions/limits.ts';
import { startAuthority, type Tokens } from '../support/authority.ts';
import { claimsOf } from '../support/clients.ts';
import { createShiftedClock } from '../support/shiftedClock.ts';

const laptop = { 'user-agent': 'laptop' };
const phone = { 'user-agent': 'phone' };
const grace = 30_000;
const day = 24 * 60 * 60 * 1000;

t.test('one authority, sessions of many kinds', async (t) => {
  const clock = createShiftedClock();
  const authority = await startAuthority({ clock });
  t.teardown(() => authority.stop());
  const { refresh } = authority;
  await authority.register('alice@example.com');
  const login = () => authority.login('alice@example.com', laptop);
  const isDead = async (accessToken: string) =>
    (await authority.grpc.isRevoked(claimsOf(accessToken).jti)).revoked;

  t.test('each refresh gives another pair of the same session', async (t) => {
    const first = await login();
    const second = await refresh(first.refresh_token, laptop);
    t.equal(second.status, 200);
    t.equal(second.body.session_id, first.session_id);
    t.not(second.body.refresh_token, first.refresh_token);
    t.not(claimsOf(second.body.access_token).jti, claimsOf(first.access_token).jti);
    t.equal(claimsOf(second.body.access_token)['auth_time'], claimsOf(first.access_token)['auth_time']);
    t.equal((await refresh(second.body.refresh_token, laptop)).status, 200);
    t.notOk(await isDead(first.access_token), 'the access token before lives until it expires');
  });

  t.test('a lost response: the same successor again, a few times, then 429 without harm', async (t) => {
    const first = await login();
    const second = await refresh(first.refresh_token, laptop);
    for (let repeat = 1; repeat <= sessionLimits.refreshGraceRepeats; repeat += 1) {
      const again = await refresh(first.refresh_token, laptop);
      t.equal(again.status, 200, `repeat ${repeat}`);
      t.equal(again.body.refresh_token, second.body.refresh_token);
    }
    const tooOften = await refresh(first.refresh_token, laptop);
    t.match([tooOften.status, tooOften.body.code], [429, 'refresh_repeated']);
    t.notOk(tooOften.headers.has('retry-after'), 'trying again later would end the session');
    t.equal((await refresh(second.body.refresh_token, laptop)).status, 200, 'the session goes on');
  });

  t.test('fifty parallel refreshes make one successor and log nobody out', async (t) => {
    const first = await login();
    const answers = await Promise.all(Array.from({ length: 50 }, () => refresh(first.refresh_token, laptop)));
    const statuses = new Set(answers.map(({ status }) => status));
    t.ok(
      [...statuses].every((status) => status === 200 || status === 429),
      [...statuses].join(),
    );
    const successors = new Set(
      answers.filter(({ status }) => status === 200).map(({ body }) => body.refresh_token),
    );
    t.equal(successors.size, 1);
    t.equal(answers.filter(({ status }) => status === 200).length, 1 + sessionLimits.refreshGraceRepeats);
    const [successor] = successors;
    t.equal((await refresh(successor, laptop)).status, 200);
  });

  const thefts: [string, (token: string) => Promise<{ status: number }>][] = [
    [
      'after the grace window',
      (token) => {
        clock.shift(grace);
        return refresh(token, laptop);
      },
    ],
    ['from another client', (token) => refresh(token, phone)],
    [
      'two generations late',
      async (token) => {
        const { body } = await refresh(token, laptop);
        await refresh(body.refresh_token, laptop);
        return refresh(token, laptop);
      },
    ],
  ];
  for (const [when, replay] of thefts) {
    t.test(`a used token ${when}: both parties are out, access tokens too`, async (t) => {
      const bystander = await login();
      const first = await login();
      const second = await refresh(first.refresh_token, laptop);
      const replayed = await replay(first.refresh_token);
      t.equal(replayed.status, 401);
      t.equal((await refresh(second.body.refresh_token, laptop)).status, 401, 'the successor is dead');
      t.ok(await isDead(first.access_token), 'so is the first access token');
      t.ok(await isDead(second.body.access_token), 'and the second');
      t.equal(
        (await authority.grpc.isRevoked(claimsOf(first.access_token).jti)).reason,
        'REASON_REFRESH_REPLAYED',
      );
      t.equal((await refresh(bystander.refresh_token, laptop)).status, 200, 'other sessions go on');
    });
  }

  t.test('idle too long', async (t) => {
    const { refresh_token } = await login();
    clock.shift(30 * day);
    const late = await refresh(refresh_token, laptop);
    t.match([late.status, late.body.code], [401, 'invalid_grant']);
  });

  t.test('used often, but past the absolute limit', async (t) => {
    let { refresh_token } = await login();
    for (const week of [1, 2, 3, 4]) {
      clock.shift(20 * day);
      const answer = await refresh(refresh_token, laptop);
      t.equal(answer.status, 200, `${week * 20} days`);
      refresh_token = answer.body.refresh_token;
    }
    clock.shift(10 * day);
    t.equal((await refresh(refresh_token, laptop)).status, 401);
  });

  t.test('what is not a refresh token of ours', async (t) => {
    const { refresh_token, access_token } = await login();
    const other = await login();
    const mixed = refresh_token.slice(0, 40) + other.refresh_token.slice(40);
    for (const token of [
      'garbage',
      access_token,
      mixed,
      `${refresh_token}A`,
      refresh_token.toUpperCase(),
      ' ',
    ]) {
      const answer = await refresh(token, laptop);
      t.match([answer.status, answer.body.code], [401, 'invalid_grant'], token.slice(0, 20));
    }
    t.equal((await refresh(refresh_token, laptop)).status, 200, 'and the genuine one still works');
  });
});

t.test('whatever ends sessions wins against a refresh in flight', async (t) => {
  const authority = await startAuthority();
  t.teardown(() => authority.stop());
  const { call, refresh } = authority;
  await authority.register('alice@example.com');

  /** What of these tokens still works. */
  const outlived = async ({ access_token, refresh_token }: Tokens) => [
    ...((await authority.grpc.isRevoked(claimsOf(access_token).jti)).revoked ? [] : ['access token']),
    ...((await refresh(refresh_token, laptop)).status === 401 ? [] : ['refresh token']),
  ];
  const enders: Record<string, (tokens: Tokens) => Promise<{ status: number }>> = {
    logout: ({ refresh_token }) => call('POST', '/auth/logout', { body: { refresh_token } }),
    'logout-all': ({ access_token: token }) => call('POST', '/auth/logout-all', { token }),
  };
  for (const [name, end] of Object.entries(enders)) {
    const survivors: string[] = [];
    for (let round = 0; round < 15; round += 1) {
      const tokens = await authority.login('alice@example.com', laptop);
      const [refreshed, ended] = await Promise.all([refresh(tokens.refresh_token, laptop), end(tokens)]);
      if (ended.status !== 204) survivors.push(`${name} answered ${ended.status}`);
      survivors.push(...(await outlived(tokens)));
      if (refreshed.status === 200) survivors.push(...(await outlived(refreshed.body)));
    }
    t.strictSame(survivors, [], `15 races of a refresh with ${name}`);
  }
});

t.test('a login in flight does not survive a logout-all', async (t) => {
  const authority = await startAuthority();
  t.teardown(() => authority.stop());
  await authority.register('alice@example.com');
  for (let round = 0; round < 8; round += 1) {
    const { access_token: token } = await authority.login('alice@example.com');
    const inFlight = authority.call('POST', '/auth/login', {
      body: { email: 'alice@example.com', password: 'correct horse battery staple' },
    });
    const ended = await authority.call('POST', '/auth/logout-all', { token });
    t.equal(ended.status, 204);
    const answer = await inFlight;
    // It was verified before the logout, so it is either refused or was made under the version after it.
    if (answer.status === 200) {
      const { ver, jti } = claimsOf(answer.body.access_token);
      const { revoked } = await authority.grpc.isRevoked(jti);
      t.ok(revoked || ver === round + 1, `round ${round}: version ${ver}, revoked ${revoked}`);
    } else {
      t.equal(answer.body.code, 'invalid_credentials');
    }
  }
});
