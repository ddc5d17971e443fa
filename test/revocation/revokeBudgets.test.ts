/** How much one service may take back in a minute: what it can make up, and what does harm to many. */
import { randomUUID } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import t, { type Test } from 'tap';
import { revocationLimits } from '../../src/revocation/limits.ts';
import type { Permission } from '../../src/services/service.ts';
import { startAuthority, type TestAuthority } from '../support/authority.ts';
import { inCheckout } from '../support/checkout.ts';
import { claimsOf } from '../support/clients.ts';
import { createRpcClient, refusalOf } from '../support/rpcClient.ts';
import { sharedServers } from '../support/twoNodes.ts';

/** So small a part of every budget that a minute is long enough to use it up. */
const rateLimits = 0.02;
const budgets = revocationLimits.revokeBudgets;
const ofScale = (budget: number) => Math.max(1, Math.round(budget * rateLimits));
const [externalIds, jtis] = [ofScale(budgets.external_ids), ofScale(budgets.jtis)];
const [users, filters] = [ofScale(budgets.users), ofScale(budgets.filters)];
const operator = { name: 'operator' };
const exp = Math.floor(Date.now() / 1000) + 3_600;

async function startLimited(t: Test, env: Record<string, string> = {}): Promise<TestAuthority> {
  const authority = await startAuthority({ rateLimits, env });
  t.teardown(() => authority.stop());
  return authority;
}

async function aService(t: Test, authority: TestAuthority, permissions: readonly Permission[]) {
  const name = `service-${randomUUID()}`;
  const { token } = await authority.authority.operations.createService({ name, permissions }, operator);
  const on = ({ grpcPort }: TestAuthority) => {
    const client = createRpcClient(`127.0.0.1:${grpcPort}`, token);
    t.teardown(() => client.close());
    return (request: object) => client.call('revoke', request);
  };
  return { name, on, revoke: on(authority) };
}

const external = (externalId: string = randomUUID()) => ({ external: { externalId, exp } });

/** How many of `tries` are done, and why the others are not. */
async function done(
  tries: number,
  revoke: () => Promise<unknown>,
): Promise<readonly [number, readonly string[]]> {
  let through = 0;
  const others = new Set<string>();
  for (let each = 0; each < tries; each += 1) {
    const outcome = await revoke().then(
      () => 'done',
      (error: { details: string }) => error.details.replace(/\d+ s\.$/, 'N s.'),
    );
    if (outcome === 'done') through += 1;
    else others.add(outcome);
  }
  return [through, [...others]];
}

t.test('made-up external ids: so many in a minute, and a retry time', async (t) => {
  const authority = await startLimited(t);
  const { name, revoke } = await aService(t, authority, ['external_ids.revoke']);
  const budget = externalIds;
  const message = `This service may revoke ${budget} external ids in a minute; try again in N s.`;
  t.strictSame(await done(budget + 40, () => revoke(external())), [budget, [message]]);
  const refusal = await refusalOf(revoke(external()));
  t.match(refusal, { code: 'RESOURCE_EXHAUSTED', reason: 'RATE_LIMITED' });
  t.ok(Number(refusal.retrySeconds) >= 1 && Number(refusal.retrySeconds) <= 60, `${refusal.retrySeconds} s`);
  const { body } = await authority.operations('GET', '/metrics');
  t.match(String(body), `revoke_budget_refusals_total{service="${name}",budget="external_ids"} 41`);
  t.equal(authority.log().match(/a service revokes more than its budget/g)?.length, 1, 'logged once');
  const another = await aService(t, authority, ['external_ids.revoke']);
  t.strictSame(await done(1, () => another.revoke(external())), [1, []], 'each service has its own');
  const { operations } = authority.authority;
  const byOperator = () => operations.revoke({ externalId: randomUUID(), expiresAt: exp * 1000 }, operator);
  t.strictSame(await done(budget + 1, byOperator), [budget + 1, []], 'the operator has none');
});

t.test('what cannot be checked has a budget, a whole token has none', async (t) => {
  const authority = await startLimited(t);
  const { revoke } = await aService(t, authority, ['tokens.revoke']);
  await authority.register('alice@example.com');
  const { access_token: token } = await authority.login('alice@example.com');
  const known = Buffer.from(String(claimsOf(token).jti), 'base64url');
  // Another one of the same moment, in a session that nobody has.
  const madeUp = () =>
    Buffer.concat([Buffer.from(randomUUID().replaceAll('-', ''), 'hex'), known.subarray(16)]);
  const budget = jtis;
  const [through, why] = await done(budget + 5, () => revoke({ jti: madeUp().toString('base64url') }));
  t.match([through, why], [budget, [/tokens by jti in a minute/]]);
  t.strictSame(await done(1, () => revoke({ token })), [1, []]);
});

t.test('what was taken back before costs nothing, and leaves one event', async (t) => {
  const authority = await startLimited(t);
  const { operations } = authority.authority;
  const all = ['external_ids.revoke', 'users.logout', 'tokens.revoke', 'sessions.end_matching'] as const;
  const { name, revoke } = await aService(t, authority, all);
  await authority.register('alice@example.com');
  const { access_token: token } = await authority.login('alice@example.com');
  const { jti } = claimsOf(token);
  const filter = { filter: { clientId: 'nobody' }, requestId: 'once' };
  for (const [what, request, events] of [
    ['an external id', external(), 1],
    ['a jti', { jti }, 1],
    ['a filter by the same request_id', filter, 0],
  ] as const) {
    const before = (await operations.listAudit({ limit: 1_000 })).length;
    const tries = externalIds + 1;
    t.strictSame(await done(tries, () => revoke(request)), [tries, []], what);
    const after = await operations.listAudit({ limit: 1_000 });
    t.equal(after.length - before, events, `${what}: events`);
  }
  t.match(await operations.listAudit({ limit: 1 }), [{ actor: `service:${name}` }]);
});

t.test('users and filters', async (t) => {
  const authority = await startLimited(t);
  const { revoke } = await aService(t, authority, ['users.logout', 'sessions.end_matching', 'sessions.read']);
  const aUser = async () => {
    const email = `${randomUUID()}@example.com`;
    const { operations } = authority.authority;
    const password = 'correct horse battery staple';
    const { userId } = await operations.register({ email, password }, operator);
    await operations.login({ email, password }, { name: 'user', ip: '192.0.2.1' });
    return userId;
  };
  const budget = users;
  const [through, why] = await done(budget + 2, async () => revoke({ userId: await aUser() }));
  t.match([through, why], [budget, [/users in a minute/]]);
  const few = filters;
  const dryRun = () => revoke({ filter: { clientId: 'nobody' }, dryRun: true });
  t.match(await done(few + 2, dryRun), [few, [/clients and filters in a minute/]], 'a dry run looks as far');
});

t.test('a request_id is a row, whatever it is for', async (t) => {
  const authority = await startLimited(t);
  const { revoke } = await aService(t, authority, ['external_ids.revoke']);
  const known = external();
  await revoke(known);
  const budget = ofScale(budgets.named_requests);
  const anew = () => revoke({ ...known, requestId: randomUUID() });
  t.match(await done(budget + 2, anew), [budget, [/by a new request_id in a minute/]]);
  t.strictSame(await done(1, () => revoke(known)), [1, []], 'without one it goes on');
});

t.test('what the docs say of it', async (t) => {
  const rows = (await readFile(inCheckout('docs/limits.md'), 'utf8')).split('\n');
  const shown = rows.flatMap((row) => {
    const [, budget, reason] = /\| ([\d,]+) \| `revoke_(\w+)` \|$/.exec(row) ?? [];
    return budget === undefined ? [] : [[reason, Number(budget.replace(',', ''))]];
  });
  t.strictSame(shown, Object.entries(budgets));
});

t.test('two nodes count together', async (t) => {
  const { env } = await sharedServers(t);
  const [one, two] = [await startLimited(t, env), await startLimited(t, env)];
  const service = await aService(t, one, ['external_ids.revoke']);
  const asks = [service.on(one), service.on(two)];
  let turn = 0;
  const revoke = () => (asks[turn++ % 2] ?? service.revoke)(external());
  const budget = externalIds;
  t.match(await done(budget + 20, revoke), [budget, [/external ids in a minute/]]);
});

t.test('taking a role costs only where it takes something', async (t) => {
  const { authority, register } = await startLimited(t);
  const { operations } = authority;
  const audience = 'orders.example';
  await operations.setResource(
    { audience, scopes: ['read'], everyone: [], accessTtlMs: undefined },
    operator,
  );
  await operations.setRole({ name: 'clerk', audience, scopes: ['read'] }, operator);
  await register('alice@example.com');
  const clerk = { role: 'clerk', user: { email: 'alice@example.com' } } as const;
  const service = { name: 'service:roles' };
  const take = () => operations.takeRole(clerk, service);
  t.strictSame(await done(users + 2, take), [users + 2, []], 'nobody has it');
  for (let each = 0; each < users; each += 1) {
    await operations.grantRole(clerk, operator);
    await take();
  }
  await operations.grantRole(clerk, operator);
  await t.rejects(take(), { code: 'rate_limited' });
  t.equal((await operations.listGrants(clerk)).length, 1, 'refused: it is still there');
});
