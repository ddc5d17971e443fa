/** A guard and a whole authority under TLS, and under mutual TLS, where a certificate names the service. */
import t, { type Test } from 'tap';
import type { ClientTls } from '../../packages/guard/src/address.ts';
import { openGuard } from '../../packages/guard/src/guard.ts';
import { startAuthority } from '../support/authority.ts';
import { openCertificateFolder } from '../support/certificates.ts';
import { eventually } from '../support/eventually.ts';
import { aGuard, said } from '../support/guards.ts';

async function anAuthority(t: Test, { mutual }: { mutual: boolean }) {
  const folder = await openCertificateFolder();
  const ca = await folder.newCa();
  const server = await ca.issue('DNS:localhost');
  await folder.write('server.pem', server.certificate);
  await folder.write('server.key', server.key);
  await folder.write('clients.pem', ca.certificate);
  const authority = await startAuthority({
    env: {
      GRPC_TLS_CERT: folder.path('server.pem'),
      GRPC_TLS_KEY: folder.path('server.key'),
      ...(mutual ? { GRPC_TLS_CLIENT_CA: folder.path('clients.pem') } : {}),
    },
  });
  t.teardown(async () => {
    await authority.stop();
    await folder.remove();
  });
  await authority.register('alice@example.com');
  const { access_token: token } = await authority.login('alice@example.com');
  return { authority, ca, folder, token, address: `localhost:${authority.grpcPort}` };
}

t.test('TLS', async (t) => {
  const { authority, ca, folder, token, address } = await anAuthority(t, { mutual: false });
  const options = { audience: 'countersign', serviceToken: authority.serviceToken };
  const guard = aGuard(t, [{ address }], { ...options, tls: { ca: ca.certificate } });
  await guard.ready();
  t.equal(await said(guard, token), 'accepted');
  t.equal((await authority.call('POST', '/auth/logout', { token })).status, 204);
  t.equal(await said(guard, token), '401 invalid_token revoked');
  t.strictSame(guard.faults, []);

  const stranger = await folder.newCa();
  for (const [what, wrong, kind, message] of [
    ['another authority', { tls: { ca: stranger.certificate } }, 'tls', /TLS: unable to verify/],
    [
      'another name',
      { tls: { ca: ca.certificate }, authority: `127.0.0.1:${authority.grpcPort}` },
      'tls',
      /TLS: Hostname.IP does not match certificate's altnames/,
    ],
    ['plain text', {}, 'lost', /as it does where TLS is required/],
  ] as const) {
    const refusing = aGuard(t, [{ address }], { ...options, ...wrong });
    const fault = await eventually(what, () => refusing.faults[0]);
    t.match(fault, { kind, message }, what);
    t.match(await said(refusing, token), /^503 unavailable/, what);
    await refusing.close();
  }
});

t.test('mutual TLS', async (t) => {
  const { authority, ca, folder, token, address } = await anAuthority(t, { mutual: true });
  const service = {
    name: 'api',
    permissions: ['tokens.check'] as const,
    certificate: 'spiffe://example.org/api',
  };
  await authority.authority.operations.createService(service, { name: 'operator' });
  const tlsOf = async (name: string) => {
    const { certificate, key: privateKey } = await ca.issue(name);
    return { ca: ca.certificate, certificate, privateKey };
  };
  const faults: string[] = [];
  const messages: string[] = [];
  const open = async (name: string, tls?: ClientTls) => {
    const guard = openGuard({
      authority: address,
      audience: 'countersign',
      ...(tls === undefined ? {} : { serviceToken: authority.serviceToken }),
      tls: tls ?? (await tlsOf(name)),
      hooks: {
        fault({ kind, message }) {
          faults.push(kind);
          messages.push(message);
        },
      },
    });
    t.teardown(() => guard.close());
    return guard;
  };
  const guard = await open('URI:spiffe://example.org/api');
  await guard.ready();
  t.equal(await said(guard, token), 'accepted');
  t.strictSame(faults, []);
  const unknown = await open('URI:spiffe://example.org/other');
  await eventually('that it is refused', () => faults.includes('refused'));
  t.match(await said(unknown, token), /^503 unavailable/);
  await unknown.close();

  const stranger = await (await folder.newCa()).issue('URI:spiffe://example.org/api');
  const strangersTls = { certificate: stranger.certificate, privateKey: stranger.key };
  for (const [what, tls, message] of [
    ['no certificate', {}, /TLS: .*certificate required/],
    ['one of another authority', strangersTls, /TLS: .*client certificate is refused/],
  ] as const) {
    faults.length = 0;
    messages.length = 0;
    const refused = await open('', { ca: ca.certificate, ...tls });
    await eventually(what, () => messages.some((text) => message.test(text)));
    t.strictSame([...new Set(faults)], ['tls'], what);
    await refused.close();
  }
});
