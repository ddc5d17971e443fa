/** Every unary method by a client that was not made for it, with what reflection says; with the files of proto/ in test/soak. */
import t from 'tap';
import { readConfig } from '../../../src/platform/config/config.ts';
import { startAuthority } from '../../support/authority.ts';
import { claimsOf } from '../../support/clients.ts';
import { buf, everyMethod, fromFiles, reflected, run, startForCurl } from './bufCurl.ts';

t.setTimeout(120_000);

t.test('one authority', async (t) => {
  const { authority, curl } = await startForCurl(t);

  t.test('with reflection', (t) => everyMethod(t, authority, curl, reflected));

  t.test('fields have the names of the contract, and those of JSON', async (t) => {
    const { sub } = claimsOf((await authority.login('alice@example.com')).access_token);
    for (const schema of [reflected, fromFiles])
      for (const field of ['user_id', 'userId']) {
        const answer = await curl(schema, 'SessionService/ListSessions', { [field]: sub });
        t.match(answer, { sessions: [{ userId: sub }] }, `${field} with ${schema[0]}`);
      }
  });

  t.test('errors are understood', async (t) => {
    const said = await curl(reflected, 'TokenService/IsRevoked', { jti: 'x' }).catch((error) =>
      String(error.stderr),
    );
    t.match(said, /invalid_argument/);
    t.match(said, /google\.rpc\.ErrorInfo/);
  });
});

t.test('reflection is off where it is said so, and by default with a database server', async (t) => {
  const authority = await startAuthority({ env: { GRPC_REFLECTION: 'off' } });
  t.teardown(() => authority.stop());
  const url = `http://127.0.0.1:${authority.grpcPort}/countersign.v1.TokenService/IsRevoked`;
  const asking = ['curl', '--reflect', '--protocol', 'grpc', '--http2-prior-knowledge', '-d', '{}', url];
  await t.rejects(run(buf, asking), /failed to find service|reflection/);
  const server = {
    DATABASE_URL: 'postgres://localhost/x',
    REDIS_URL: 'redis://localhost',
    KEY_ENCRYPTION_KEY: Buffer.alloc(32).toString('base64'),
  };
  for (const [env, expected] of [
    [{}, true],
    [{ GRPC_REFLECTION: 'off' }, false],
    [server, false],
    [{ ...server, GRPC_REFLECTION: 'on' }, true],
  ] as const)
    t.equal(readConfig({ ...env }).config.grpc.reflection, expected);
});
