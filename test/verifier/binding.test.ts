/** What a token may be bound to, who holds it, and that a guard reads both forms alike. */
import { createHash } from 'node:crypto';
import t from 'tap';
import { claimsOfIntrospection } from '../../packages/guard/src/claims.ts';
import {
  type Confirmation,
  certificateThumbprint,
  isConfirmation,
  isHolder,
} from '../../packages/verifier/src/tokens/confirmation.ts';

const [one, other] = ['one', 'other'].map((text) => createHash('sha256').update(text).digest('base64url'));
const [key, certificate] = [{ jkt: one }, { 'x5t#S256': one }] as [Confirmation, Confirmation];

t.test('a binding that is not understood is none', async (t) => {
  for (const good of [key, certificate]) t.equal(isConfirmation(good), true, JSON.stringify(good));
  const bad = [
    ...[
      undefined,
      null,
      'jkt',
      1,
      [],
      {},
      [one],
      { jkt: '' },
      { jkt: 1 },
      { jkt: undefined },
      { jkt: `${one}=` },
    ],
    ...[
      { ...key, ...certificate },
      { ...certificate, kid: 'x' },
      { x5t: one },
      { 'x5t#S512': one },
      { jwk: {} },
    ],
  ];
  for (const each of bad) t.equal(isConfirmation(each), false, JSON.stringify(each));
});

t.test('who holds it', async (t) => {
  t.equal(certificateThumbprint(Buffer.from('one')), one);
  const rows: readonly (readonly [what: string, Confirmation | undefined, object, boolean])[] = [
    ['bound to nothing', undefined, {}, true],
    ['its key', key, { jkt: one }, true],
    ['another key', key, { jkt: other }, false],
    ['no key', key, {}, false],
    ['a certificate with the thumbprint of the key', key, { certificate: one }, false],
    ['its certificate', certificate, { certificate: one }, true],
    ['another certificate', certificate, { certificate: other }, false],
    ['no certificate', certificate, {}, false],
    ['a key with the thumbprint of the certificate', certificate, { jkt: one }, false],
  ];
  for (const [what, cnf, proved, expected] of rows) t.equal(isHolder(cnf, proved), expected, what);
});

t.test('a node says it over gRPC', async (t) => {
  const claims = { amr: [], roles: [] };
  const read = (cnf: object | null) =>
    claimsOfIntrospection({ ...claims, cnf } as unknown as Parameters<typeof claimsOfIntrospection>[0]).cnf;
  t.strictSame(read({ jkt: '', x5tS256: one }), { 'x5t#S256': one });
  t.strictSame(read({ jkt: one, x5tS256: '' }), { jkt: one });
  t.equal(read(null), undefined);
  // Of a newer node: nobody has a certificate with that thumbprint.
  t.equal(isHolder(read({ jkt: '', x5tS256: '' }), { certificate: one }), false);
  t.equal(isHolder(read({ jkt: '', x5tS256: '' }), {}), false);
});
