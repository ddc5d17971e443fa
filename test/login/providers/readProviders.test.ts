/** The file of providers, and whom the claims of one are about. */
import { writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import t from 'tap';
import { identityIn, type Provider } from '../../../src/login/providers/provider.ts';
import { readProviders } from '../../../src/login/providers/readProviders.ts';
import { startAuthority } from '../../support/authority.ts';
import { providersFile } from '../../support/providerSignIn.ts';

const good = {
  ...{ name: 'google', label: 'Google', issuer: 'https://accounts.google.com' },
  ...{ client_id: 'id', client_secret: 'very secret' },
};
const entra = {
  ...{ ...good, name: 'entra', issuer: 'https://login.microsoftonline.com/organizations/v2.0' },
  tenants: 'any',
};
const tenant = '019b76da-a800-4000-8000-000000000001';
const contoso = {
  ...{ ...good, name: 'contoso', issuer: `https://login.microsoftonline.com/${tenant}/v2.0` },
};

t.test('what is read', async (t) => {
  const github = { name: 'github', label: 'GitHub', kind: 'github', client_id: 'x' };
  const path = providersFile(t, [good, { ...github, client_secret_file: 'github.txt' }, entra, contoso]);
  writeFileSync(join(dirname(path), 'github.txt'), 'from a file\n');
  const usual = {
    kind: 'oidc',
    trustEmail: false,
    tenants: undefined,
    clientId: 'id',
    clientSecret: 'very secret',
  };
  t.strictSame(await readProviders(path), [
    { ...usual, name: 'google', label: 'Google', issuer: 'https://accounts.google.com' },
    {
      ...{ ...usual, name: 'github', label: 'GitHub', kind: 'github', issuer: 'https://github.com' },
      ...{ clientId: 'x', clientSecret: 'from a file' },
    },
    { ...usual, name: 'entra', label: 'Google', issuer: entra.issuer, tenants: 'any' },
    { ...usual, name: 'contoso', label: 'Google', issuer: contoso.issuer, tenants: [tenant] },
  ]);
});

t.test('what is refused, by its place and field', async (t) => {
  const without = (field: string) =>
    Object.fromEntries(Object.entries(good).filter(([name]) => name !== field));
  for (const [entry, field] of [
    ...['name', 'label', 'issuer', 'client_id', 'client_secret'].map(
      (field) => [without(field), field] as const,
    ),
    ...['', 'A', '1a', 'a b', 'a/b', '..', 'x'.repeat(32), 7].map(
      (name) => [{ ...good, name }, 'name'] as const,
    ),
    ...['', 'x'.repeat(51), 'a\nb', '\u202eabc', 7].map((label) => [{ ...good, label }, 'label'] as const),
    ...[
      ...[
        'http://accounts.google.com',
        'ftp://x',
        'https://',
        'https://a@b',
        'https://x?y',
        'https://x#y',
        'x',
      ],
      ...['https://x y', 7],
    ].map((issuer) => [{ ...good, issuer }, 'issuer'] as const),
    [{ ...good, kind: 'saml' }, 'kind'],
    [{ ...good, trust_email: 'true' }, 'trust_email'],
    [{ ...good, client_secret: 'a\nb' }, 'client_secret'],
    [{ ...without('client_secret'), client_secret_file: 'nowhere' }, 'client_secret'],
    [{ ...good, client_secret_file: 'x' }, 'client_secret_file'],
    [{ ...good, tenants: 'any' }, 'tenants'],
    [{ ...entra, tenants: undefined }, 'tenants'],
    ...[[], ['x'], 'all', [tenant.toUpperCase()]].map(
      (tenants) => [{ ...entra, tenants }, 'tenants'] as const,
    ),
    [{ ...entra, trust_email: true }, 'trust_email'],
    [{ ...contoso, trust_email: true }, 'trust_email'],
    [{ ...good, secret: 'x' }, 'secret'],
  ] as const) {
    const refused = await readProviders(providersFile(t, [entry])).catch((error) => error);
    t.match(refused, { name: 'StartupError' }, JSON.stringify(entry));
    t.match(refused.message, `PROVIDERS_FILE: provider 1: ${field}: must `);
    t.notMatch(refused.message, 'very secret');
  }
  for (const file of ['', '{}', '[1]', '[null]', JSON.stringify(Array(51).fill(good))])
    await t.rejects(readProviders(providersFile(t, file)), { message: /must name a file/ }, file.slice(0, 9));
  await t.rejects(readProviders(providersFile(t, [good, { ...good, issuer: 'https://x.example' }])), {
    message: 'PROVIDERS_FILE: must name each name once',
  });
  await t.rejects(readProviders(providersFile(t, [good, { ...good, name: 'again' }])), {
    message: 'PROVIDERS_FILE: must name each issuer once',
  });
});

t.test('an authority with a faulty file does not start', async (t) => {
  const env = { PROVIDERS_FILE: providersFile(t, [{ ...good, kind: 'x' }]) };
  await t.rejects(startAuthority({ env }), { name: 'StartupError' });
});

t.test('the providers for a page', async (t) => {
  const authority = await startAuthority({ env: { PROVIDERS_FILE: providersFile(t, [good]) } });
  t.teardown(() => authority.stop());
  t.strictSame((await authority.call('GET', '/auth/providers')).body, {
    providers: [{ name: 'google', label: 'Google', start_url: '/auth/providers/google/start' }],
  });
});

const provider = (more: Partial<Provider> = {}): Provider => ({
  ...{ name: 'x', label: 'X', kind: 'oidc', issuer: 'https://x.example', clientId: 'x', clientSecret: 'x' },
  ...{ trustEmail: true, tenants: undefined, ...more },
});

t.test('Entra: tenant and object id, and never an e-mail', (t) => {
  const iss = `https://login.microsoftonline.com/${tenant}/v2.0`;
  const oid = '019b76da-a800-4000-8000-000000000002';
  const claims = { iss, sub: 'pairwise', tid: tenant, oid, email: 'ceo@contoso.com', email_verified: true };
  const identity = { issuer: iss, subject: oid, email: undefined };
  const listed = provider({ tenants: [tenant] });
  t.strictSame(identityIn(provider({ tenants: 'any' }), claims), identity);
  t.strictSame(identityIn(listed, claims), identity);
  for (const tid of [oid, undefined, '', 'x', `${tenant}x`])
    t.strictSame(identityIn(listed, { ...claims, tid }), { refused: 'tenant' }, `tenant ${tid}`);
  for (const other of [undefined, '', 'x', 7])
    t.strictSame(identityIn(listed, { ...claims, oid: other }), { refused: 'subject' }, `object ${other}`);
  t.end();
});

t.test('subjects', (t) => {
  const iss = 'https://x.example';
  for (const sub of [undefined, '', 7, 'ä', 'a\0b', 'x'.repeat(256), null, ['a']])
    t.strictSame(identityIn(provider(), { iss, sub }), { refused: 'subject' }, `${sub}`);
  t.match(identityIn(provider(), { iss, sub: 'x'.repeat(255) }), { issuer: iss });
  t.end();
});
