/** What a token carries: pure. */
import t from 'tap';
import { type RightsFacts, rightsAt } from '../../src/rights/rights.ts';

const now = Date.UTC(2030, 0, 1, 12);
const latest = now + 900_000;
const grant = (role: string, scopes: readonly string[], expiresAt?: number) => ({ role, scopes, expiresAt });
const declared: NonNullable<RightsFacts['resource']> = {
  scopes: ['read', 'write', 'delete', 'look'],
  everyone: ['look'],
  accessTtlMs: undefined,
};

const table: readonly [
  string,
  RightsFacts,
  scope: string,
  expected: readonly [string, readonly string[], number],
][] = [
  [
    'an audience that nobody declared',
    { clientLives: true, resource: undefined, grants: [grant('a', ['read'])] },
    'account',
    ['account', ['a'], latest],
  ],
  [
    'what everyone has',
    { clientLives: true, resource: declared, grants: [] },
    'account',
    ['account look', [], latest],
  ],
  [
    'roles, together',
    { clientLives: true, resource: declared, grants: [grant('a', ['write', 'read']), grant('b', ['read'])] },
    'account',
    ['account look read write', ['a', 'b'], latest],
  ],
  [
    'a role that is worth a scope that is gone',
    { clientLives: true, resource: declared, grants: [grant('a', ['read', 'gone'])] },
    'account',
    ['account look read', ['a'], latest],
  ],
  [
    'a role without scopes',
    { clientLives: true, resource: declared, grants: [grant('a', [])] },
    'account',
    ['account look', ['a'], latest],
  ],
  [
    'a session with a scope of its own carries that, as far as the user has it, and no role that is more',
    {
      clientLives: true,
      resource: declared,
      grants: [grant('a', ['read', 'write']), grant('b', ['delete'])],
    },
    'read delete-all look',
    ['look read', [], latest],
  ],
  [
    'nor a role of which nothing is left, or nothing was asked for',
    {
      clientLives: true,
      resource: declared,
      grants: [grant('a', ['gone']), grant('b', []), grant('c', ['gone', 'read'])],
    },
    'look read',
    ['look read', ['c'], latest],
  ],
  [
    'and does not outlive a role that it uses, nor is it cut short by another',
    {
      clientLives: true,
      resource: declared,
      grants: [grant('a', ['read'], now + 60_999), grant('b', ['write'], now + 5_000)],
    },
    'read',
    ['read', ['a'], now + 60_000],
  ],
  [
    'a role that ended',
    {
      clientLives: true,
      resource: declared,
      grants: [grant('a', ['read'], now), grant('b', ['write'], now + 999)],
    },
    'account',
    ['account look', [], latest],
  ],
  [
    'a shorter lifetime',
    {
      clientLives: true,
      resource: { ...declared, accessTtlMs: 60_500 },
      grants: [grant('a', ['read'], now + 120_000)],
    },
    'account',
    ['account look read', ['a'], now + 60_000],
  ],
  [
    'a longer one',
    { clientLives: true, resource: { ...declared, accessTtlMs: 3_600_000 }, grants: [] },
    'account',
    ['account look', [], latest],
  ],
  [
    'a session with no scope',
    { clientLives: true, resource: declared, grants: [grant('a', ['read'])] },
    '',
    ['', [], latest],
  ],
];

for (const [what, facts, scope, [carried, roles, tokenExpiresAt]] of table) {
  t.test(what, (t) => {
    t.strictSame(rightsAt(facts, { scope, now, latest, isOfSettings: true }), {
      scope: carried,
      roles,
      tokenExpiresAt,
    });
    t.end();
  });
}

t.test('a role that asks for a second factor', (t) => {
  const careful = { ...grant('a', ['read']), secondFactor: true };
  const facts = { clientLives: true, resource: declared, grants: [careful, grant('b', ['write'])] };
  const asked = { scope: 'account', now, latest, isOfSettings: true };
  t.match(rightsAt(facts, asked), { scope: 'account look write', roles: ['b'] });
  t.match(rightsAt(facts, { ...asked, isProvedByTwo: true }), {
    scope: 'account look read write',
    roles: ['a', 'b'],
  });
  t.match(
    rightsAt(facts, { ...asked, scope: undefined, isClient: true }),
    { scope: 'read write', roles: ['a', 'b'] },
    'a client has no factors',
  );
  t.end();
});
