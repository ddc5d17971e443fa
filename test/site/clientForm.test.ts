/** What the console's form of a client sends, by what was typed. */
import t from 'tap';
import { changesOf, fieldsOf, textOf } from '../../packages/pages/src/admin/clientForm.ts';
import type { Client } from '../../packages/pages/src/admin/messages.ts';

const client: Client = {
  ...{ client_id: 'id-1', name: 'shop', kind: 'app', etag: 'seen', secrets: [], permissions: [] },
  ...{ audiences: [], scopes: ['read', 'write'], redirect_uris: ['https://a.example/'] },
  ...{ post_logout_redirect_uris: [], backchannel_logout_uri: '', jwks: '', has_key: false },
  ...{ certificate_name: '', certificate_bound: false },
  ...{ create_time_ms: '1', disable_time_ms: '0', revoke_time_ms: '0' },
};
const service: Client = { ...client, kind: 'service', scopes: [], redirect_uris: [] };
const ofAll = ['permissions', 'audiences'];
const ofUsers = ['scopes', 'redirect_uris', 'post_logout_redirect_uris', 'backchannel_logout_uri'];

t.test('the fields that a client can have', (t) => {
  for (const [what, given, fields] of [
    ['an application', client, [...ofAll, ...ofUsers, 'certificate_bound']],
    ['a service', service, [...ofAll, 'certificate_bound']],
    ['with a key', { ...service, has_key: true }, [...ofAll, 'jwks', 'certificate_bound']],
    [
      'with a certificate',
      { ...service, certificate_name: 'a' },
      [...ofAll, 'certificate', 'certificate_bound'],
    ],
  ] as const)
    t.strictSame(fieldsOf(given), fields, what);
  t.equal(textOf(client, 'scopes'), 'read write');
  t.equal(textOf({ ...service, certificate_name: 'spiffe://a/b' }, 'certificate'), 'spiffe://a/b');
  t.equal(textOf(client, 'certificate_bound'), 'false');
  t.end();
});

t.test('only what was changed is sent, with the client as it was seen', (t) => {
  const sent = (edits: object) => changesOf(client, edits);
  for (const [what, edits] of [
    ['nothing', {}],
    ['the same', { scopes: 'read write', certificate_bound: 'false' }],
    ['the same with other spaces', { scopes: ' read   write ' }],
    ['what it cannot have', { jwks: '{}' }],
  ] as const)
    t.equal(sent(edits), undefined, what);
  for (const [what, edits, fields, values] of [
    ['fewer', { scopes: 'read' }, ['scopes'], { scopes: ['read'] }],
    ['none', { redirect_uris: ' ' }, ['redirect_uris'], { redirect_uris: [] }],
    [
      'a text',
      { backchannel_logout_uri: ' https://b/ ' },
      ['backchannel_logout_uri'],
      { backchannel_logout_uri: 'https://b/' },
    ],
    ['a mark', { certificate_bound: 'true' }, ['certificate_bound'], { certificate_bound: true }],
  ] as const)
    t.strictSame(sent(edits), { client: 'id-1', etag: 'seen', fields, ...values }, what);
  t.end();
});
