/** The file of EARLIER_ISSUERS: each fault is named, all at once, before anything starts. */
import { writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import t from 'tap';
import { readEarlierIssuers } from '../../src/tokens/earlierIssuers/earlierIssuer.ts';
import { openForeignKeys } from '../../src/tokens/earlierIssuers/foreignKeys.ts';
import { issuersFile } from '../support/earlierIssuer.ts';
import { createManualClock } from '../support/manualClock.ts';

const own = 'https://auth.example';
const jwks = 'https://old.example/certs';

t.test('a good file', async (t) => {
  const path = issuersFile(
    t,
    { jwks, until: '2030-01-31T12:00:00Z' },
    { issuer: 'my-shop', jwks: 'keys.json', audience: undefined, algorithms: ['EdDSA'] },
    { issuer: 'https://old.example/', jwks: 'http://127.0.0.1:8080/certs' },
  );
  t.match(await readEarlierIssuers(path, own), [
    { jwks: { url: jwks }, audience: 'shop', until: Date.parse('2030-01-31T12:00:00Z') },
    { issuer: 'my-shop', jwks: { path: join(dirname(path), 'keys.json') }, audience: undefined },
    { issuer: 'https://old.example/', jwks: { url: 'http://127.0.0.1:8080/certs' } },
  ]);
});

t.test('each fault is named', async (t) => {
  for (const [change, field] of [
    [{ jwks: 'http://old.example/certs' }, 'jwks'],
    [{ jwks: 'ftp://old.example/certs' }, 'jwks'],
    [{ jwks: 'https://user@old.example/certs' }, 'jwks'],
    [{ jwks: undefined }, 'jwks'],
    [{ jwks, issuer: own }, 'issuer'],
    [{ jwks, issuer: 'two words' }, 'issuer'],
    [{ jwks, issuer: undefined }, 'issuer'],
    [{ jwks, audience: '' }, 'audience'],
    [{ jwks, audience: ['shop'] }, 'audience'],
    [{ jwks, algorithms: [] }, 'algorithms'],
    [{ jwks, algorithms: ['HS256'] }, 'algorithms'],
    [{ jwks, algorithms: ['RS256', 'none'] }, 'algorithms'],
    [{ jwks, algorithms: 'RS256' }, 'algorithms'],
    [{ jwks, until: '2030-01-31' }, 'until'],
    [{ jwks, until: '2030-02-31T25:00:00Z' }, 'until'],
    [{ jwks, until: undefined }, 'until'],
    [{ jwks, jwks_uri: jwks }, 'jwks_uri'],
  ] as const)
    await t.rejects(
      readEarlierIssuers(issuersFile(t, { jwks }, change), own),
      { name: 'StartupError', message: new RegExp(`^EARLIER_ISSUERS: issuer [12]: ${field}: must [^\n]+$`) },
      JSON.stringify(change),
    );
  const two = issuersFile(t, { jwks: '', algorithms: [] }, { jwks, until: 'soon' });
  await t.rejects(readEarlierIssuers(two, own), {
    message: /^.*jwks.*\n.*algorithms.*\n.*issuer 2: until.*$/,
  });
  await t.rejects(readEarlierIssuers(issuersFile(t, { jwks }, { jwks }), own), {
    message: /each issuer once/,
  });
});

t.test('what is no such file is no start', async (t) => {
  const path = issuersFile(t);
  for (const text of ['', '{}', '[1]', '[[]]', '[', JSON.stringify(Array(21).fill({}))]) {
    writeFileSync(path, text);
    await t.rejects(
      readEarlierIssuers(path, own),
      { name: 'StartupError', message: /^EARLIER_ISSUERS: / },
      text,
    );
  }
  const issuer = {
    ...{ issuer: 'x', jwks: { path }, audience: 'shop', algorithms: ['ES256'] as const },
    until: Number.POSITIVE_INFINITY,
  };
  await t.rejects(openForeignKeys({ issuer, clock: createManualClock(0), onFault: () => {} }), {
    name: 'StartupError',
    message: new RegExp(`^EARLIER_ISSUERS: ${path} must hold a JWK Set: `),
  });
});
