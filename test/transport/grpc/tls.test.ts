/** TLS of the gRPC interface: who gets in (G11), who a certificate says they are, and files that change. */
import { once } from 'node:events';
import { connect as connectHttp2 } from 'node:http2';
import { connect } from 'node:net';
import type { SessionId } from '@countersign/verifier/ids';
import { newJti } from '@countersign/verifier/tokens/jti';
import { credentials } from '@grpc/grpc-js';
import t, { type Test } from 'tap';
import { certificateNameOf, certificateNames } from '../../../src/platform/certificateName.ts';
import { newId } from '../../../src/platform/newId.ts';
import type { Permission } from '../../../src/services/service.ts';
import { grpcLimits } from '../../../src/transport/grpc/limits.ts';
import { startAuthority } from '../../support/authority.ts';
import { type Ca, openCertificateFolder, type Pem } from '../../support/certificates.ts';
import { eventually } from '../../support/eventually.ts';
import { createRpcClient, refusalOf } from '../../support/rpcClient.ts';

const operator = { name: 'operator' };
const jti = () => newJti(newId<SessionId>(Date.now()), Date.now(), 0);

async function mutualTls(t: Test) {
  const folder = await openCertificateFolder();
  const ca = await folder.newCa();
  const server = await ca.issue('IP:127.0.0.1');
  await folder.write('server.pem', server.certificate);
  await folder.write('server.key', server.key);
  await folder.write('clients.pem', ca.certificate);
  const authority = await startAuthority({
    env: {
      GRPC_TLS_CERT: folder.path('server.pem'),
      GRPC_TLS_KEY: folder.path('server.key'),
      GRPC_TLS_CLIENT_CA: folder.path('clients.pem'),
    },
  });
  t.teardown(async () => {
    await authority.stop();
    await folder.remove();
  });
  const address = `127.0.0.1:${authority.grpcPort}`;
  /** A connection of its own. Without an answer within a second there is none. */
  const as = (
    client: Pem | undefined,
    { token = '', trusting = ca }: { token?: string; trusting?: Ca } = {},
  ) => {
    const channel = credentials.createSsl(trusting.certificate, client?.key, client?.certificate);
    const fresh = { 'grpc.use_local_subchannel_pool': 1 };
    const rpc = createRpcClient(address, token, channel, fresh);
    t.teardown(() => rpc.close());
    return {
      check: () => rpc.call('IsRevoked', { jti: jti() }, { milliseconds: 2_000 }),
      introspect: () => rpc.call('Introspect', { token: 'x' }, { milliseconds: 2_000 }),
    };
  };
  const named = (name: string, certificate: string, permissions: readonly Permission[] = ['tokens.check']) =>
    authority.authority.operations.createService({ name, permissions, certificate }, operator);
  return { authority, folder, ca, as, named, address };
}

t.test('with client certificates', async (t) => {
  const { authority, folder, ca, as, named, address } = await mutualTls(t);
  const { token } = await named('api', 'spiffe://example.org/api');
  await named('worker', 'worker.example.org');
  const api = await ca.issue('URI:spiffe://example.org/api,DNS:api.example.org');

  t.test('a certificate names its service, and its permissions hold', async (t) => {
    t.match(await as(api).check(), { revoked: false });
    t.match(await as(await ca.issue('DNS:other.example.org,DNS:Worker.example.org')).check(), {
      revoked: false,
    });
    t.match(await refusalOf(as(api).introspect()), { code: 'PERMISSION_DENIED' });
  });

  t.test('a service token goes before the certificate, also a wrong one', async (t) => {
    const { serviceToken } = authority;
    t.match(await as(api, { token: serviceToken }).introspect(), { active: false });
    t.match(await refusalOf(as(api, { token: 'garbage' }).check()), { code: 'UNAUTHENTICATED' });
    const stranger = await ca.issue('URI:spiffe://example.org/stranger');
    t.match(await as(stranger, { token }).check(), { revoked: false });
  });

  t.test('G11: who is nobody that is known is UNAUTHENTICATED', async (t) => {
    await named('quoted', 'https://example.org/a');
    for (const san of [
      'URI:spiffe://example.org/stranger',
      'URI:spiffe://example.org/api,URI:spiffe://example.org/other',
      'URI:spiffe://example.org/other,DNS:worker.example.org',
      'DNS:api.example.org',
      'DNS:spiffe\\://example.org/api',
      'email:api@example.org',
      'IP:127.0.0.1',
    ]) {
      const client = await ca.issue(san).catch(() => undefined);
      if (client === undefined) continue;
      const refusal = await refusalOf(as(client).check());
      t.match(refusal, { code: 'UNAUTHENTICATED', reason: 'TOKEN_REQUIRED' }, san);
    }
  });

  t.test('G11: who does not get in at all', async (t) => {
    const other = await folder.newCa();
    for (const [what, client] of [
      ['no client certificate', undefined],
      ['one that has expired', await ca.issue('URI:spiffe://example.org/api', -1)],
      ['one of another authority', await other.issue('URI:spiffe://example.org/api')],
    ] as const) {
      const refusal = await refusalOf(as(client, { token: authority.serviceToken }).check());
      t.match(refusal, { code: 'UNAVAILABLE', reason: '' }, what);
    }
    const plain = createRpcClient(address, authority.serviceToken);
    t.teardown(() => plain.close());
    const refusal = await refusalOf(plain.call('IsRevoked', { jti: jti() }, { milliseconds: 2_000 }));
    t.match(refusal, { code: /UNAVAILABLE|DEADLINE_EXCEEDED/, reason: '' }, 'plain text');
    t.match(await as(api).check(), { revoked: false }, 'and others are served all the while');
  });

  t.test('a revoked service stops', async (t) => {
    await authority.authority.operations.revokeService('worker', operator);
    const worker = as(await ca.issue('DNS:worker.example.org'));
    const stopped = async () =>
      worker.check().then(
        () => false,
        (error) => error.code === 16,
      );
    t.ok(await eventually('it is refused', stopped));
  });

  t.test('a name in certificates is for one service', async (t) => {
    const taken = { name: 'another', permissions: [], certificate: 'spiffe://example.org/api' };
    await t.rejects(authority.authority.operations.createService(taken, operator), { code: 'name_taken' });
    for (const certificate of ['', '*.example.org', 'a b', 'spiffe://a, DNS:b', 'x'.repeat(300)]) {
      const service = { name: 'another', permissions: [], certificate };
      await t.rejects(authority.authority.operations.createService(service, operator), {
        code: 'invalid_request',
      });
    }
  });

  t.test('none of it was an error of ours', async (t) => {
    t.notMatch(authority.log(), /"level":"(error|fatal)"/);
  });
});

t.test('files that change are read again', async (t) => {
  const { authority, folder, ca, as, named } = await mutualTls(t);
  await named('api', 'spiffe://example.org/api');
  const client = await ca.issue('URI:spiffe://example.org/api');
  const before = as(client);
  await before.check();
  const works = (caller: ReturnType<typeof as>) =>
    caller.check().then(
      () => true,
      () => false,
    );

  const next = await folder.newCa();
  const server = await next.issue('IP:127.0.0.1');
  await folder.write('server.pem', server.certificate);
  await folder.write('server.key', server.key);
  const fresh = () => works(as(client, { trusting: next }));
  t.ok(await eventually('the new certificate is shown', fresh));
  t.equal(await works(as(client)), false, 'and the old one no more');
  t.equal(await works(before), true, 'a connection that is there goes on');

  await folder.write('clients.pem', Buffer.concat([ca.certificate, next.certificate]));
  const another = await next.issue('URI:spiffe://example.org/api');
  const both = () => works(as(another, { trusting: next }));
  t.ok(await eventually('clients of the new authority get in', both));
  await folder.write('clients.pem', next.certificate);
  const out = async () => !(await works(as(client, { trusting: next })));
  t.ok(await eventually('and those of the old one no more', out));
  t.notMatch(authority.log(), /"level":"error"/);

  for (const [file, broken] of [
    ['server.pem', Buffer.from('garbage')],
    ['server.key', (await next.issue('IP:127.0.0.1')).key],
    ['clients.pem', Buffer.from('-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n')],
    ['clients.pem', Buffer.alloc(0)],
  ] as const) {
    const lines = () => authority.log().split('cannot be used').length;
    const said = lines();
    const good = {
      'server.pem': server.certificate,
      'server.key': server.key,
      'clients.pem': next.certificate,
    };
    await folder.write(file, broken);
    t.ok(await eventually(`${file}: it is said`, async () => lines() === said + 1, 10_000));
    t.equal(await works(as(another, { trusting: next })), true, `${file}: what was there is used`);
    await folder.write(file, good[file]);
    const mended = () => authority.log().split('can be used again').length === lines();
    t.ok(await eventually('that it is mended is said', async () => mended(), 10_000));
  }
  t.equal(await works(as(another, { trusting: next })), true);
});

t.test('without a good certificate it does not start', async (t) => {
  const folder = await openCertificateFolder();
  t.teardown(folder.remove);
  const ca = await folder.newCa();
  const [one, other] = [await ca.issue('IP:127.0.0.1'), await ca.issue('IP:127.0.0.1')];
  await folder.write('server.pem', one.certificate);
  await folder.write('server.key', other.key);
  await folder.write('clients.pem', 'nothing');
  const [certificate, key] = [folder.path('server.pem'), folder.path('server.key')];
  const env = { GRPC_TLS_CERT: certificate, GRPC_TLS_KEY: key };
  await t.rejects(startAuthority({ env }), /GRPC_TLS_\*: not a certificate with its private key/);
  await folder.write('server.key', one.key);
  const withCa = { ...env, GRPC_TLS_CLIENT_CA: folder.path('clients.pem') };
  await t.rejects(startAuthority({ env: withCa }), /GRPC_TLS_CLIENT_CA: not certificates/);
});

t.test('before anybody has said who it is', async (t) => {
  const { authority, ca, named, address } = await mutualTls(t);
  const { token } = await named('api', 'spiffe://example.org/api');
  const silent = connect(authority.grpcPort, '127.0.0.1').on('error', () => {});
  t.teardown(() => silent.destroy());
  await once(silent, 'connect');
  const { certificate: cert, key } = await ca.issue('URI:spiffe://example.org/other');
  const session = connectHttp2(`https://${address}`, { ca: ca.certificate, cert, key });
  session.on('error', () => {});
  t.teardown(() => session.destroy());
  await once(session, 'remoteSettings');
  t.equal(
    session.remoteSettings.maxConcurrentStreams,
    grpcLimits.grpcStrangerStreams,
    'there are few streams',
  );
  const stream = session.request({
    ...{ ':method': 'POST', ':path': '/countersign.v1.TokenService/IsRevoked' },
    ...{ 'content-type': 'application/grpc', te: 'trailers', authorization: `Bearer ${token}` },
  });
  stream.on('error', () => {}).end();
  await once(session, 'remoteSettings');
  t.equal(session.remoteSettings.maxConcurrentStreams, grpcLimits.grpcStreamsPerConnection, 'then, more');
  silent.resume();
  await eventually('a handshake that does not end is cut off', () => silent.destroyed, 30_000);
  t.notOk(session.destroyed, 'and no other one');
});

t.test('names in certificates', async (t) => {
  for (const [text, names] of [
    ['URI:spiffe://a/b', ['URI:spiffe://a/b']],
    ['DNS:a, URI:spiffe://a/b, DNS:c', ['URI:spiffe://a/b']],
    ['DNS:A.example, DNS:b', ['DNS:a.example', 'DNS:b']],
    ['URI:spiffe://a, URI:spiffe://b', []],
    ['DNS:a, DNS:"b, URI:spiffe://a"', []],
    ['IP Address:127.0.0.1, email:a@b', []],
    ['', []],
    [undefined, []],
  ] as const)
    t.strictSame(certificateNames(text), names, String(text));
  for (const [text, name] of [
    ['spiffe://a/b', 'URI:spiffe://a/b'],
    ['Api.Example', 'DNS:api.example'],
    ['a..b', undefined],
    ['-a', undefined],
    ['spiffe://a", DNS:b', undefined],
    ['URI:spiffe://a/b', undefined],
  ] as const)
    t.equal(certificateNameOf(text), name, text);
});
