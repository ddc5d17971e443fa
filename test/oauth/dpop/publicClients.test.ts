/** `/oauth2/` with a bound session of a public client: its errors by the words of RFC 9449 and RFC 6749. */
import { randomUUID } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import pg from 'pg';
import t from 'tap';
import { claimsOf } from '../../support/clients.ts';
import { startIssuer } from '../../support/oauthClients.ts';
import { aProver, type Prover } from '../../support/proofs.ts';

t.test('refresh and revocation', async (t) => {
  const { issuer, client, form, login, register, grpc, dataDir } = await startIssuer(t);
  await register('alice@example.com');
  const { id } = await client('spa', { kind: 'app', isPublic: true });
  const sql = new pg.Client({ connectionString: await readFile(`${dataDir}/test-database`, 'utf8') });
  await sql.connect();
  t.teardown(() => sql.end());
  const prove = (prover: Prover, path: string) => ({
    dpop: prover.proof({ method: 'POST', url: issuer + path }),
  });
  const refresh = (token: string, headers = {}) =>
    form('/oauth2/token', { grant_type: 'refresh_token', refresh_token: token, client_id: id }, headers);
  const revoke = (token: string, headers = {}) => form('/oauth2/revoke', { token, client_id: id }, headers);
  /** A login of this client. */
  const begin = async () => {
    const tokens = await login('alice@example.com');
    await sql.query('UPDATE sessions SET client_id = $1 WHERE id = $2', [id, tokens.session_id]);
    return tokens;
  };

  const prover = aProver();
  const first = await begin();
  const bound = await refresh(first.refresh_token, prove(prover, '/oauth2/token'));
  t.match([bound.status, bound.body.token_type], [200, 'DPoP']);
  t.match(claimsOf(bound.body.access_token), { cnf: { jkt: prover.jkt }, client_id: id });

  const rows: readonly (readonly [string, Record<string, string>, string])[] = [
    ['without a proof', {}, 'invalid_grant'],
    ['by another key', prove(aProver(), '/oauth2/token'), 'invalid_grant'],
    ['no JWT', { dpop: randomUUID() }, 'invalid_dpop_proof'],
    ['for another address', prove(prover, '/auth/refresh'), 'invalid_dpop_proof'],
    [
      'with a stale nonce',
      { dpop: prover.proof({ method: 'POST', url: `${issuer}/oauth2/token`, nonce: 'x' }) },
      'use_dpop_nonce',
    ],
  ];
  for (const [what, headers, error] of rows) {
    const answer = await refresh(bound.body.refresh_token, headers);
    t.match([answer.status, answer.body.error], [400, error], what);
    t.equal(answer.headers.has('dpop-nonce'), 'dpop' in headers, `${what}: a nonce for the next`);
  }
  const next = await refresh(bound.body.refresh_token, prove(prover, '/oauth2/token'));
  t.equal(next.body.token_type, 'DPoP', 'the session lives');

  const { access_token, refresh_token } = next.body;
  t.match((await revoke(refresh_token)).body, { error: 'invalid_grant' }, 'anybody may name a public client');
  t.match((await revoke(access_token)).body, { error: 'invalid_dpop_proof' });
  t.match(await grpc.isRevoked(claimsOf(access_token).jti), { revoked: false });
  t.equal((await revoke(access_token, prove(prover, '/oauth2/revoke'))).status, 200);
  t.match(await grpc.isRevoked(claimsOf(access_token).jti), { revoked: true });
  t.equal((await revoke(refresh_token, prove(prover, '/oauth2/revoke'))).status, 200);
  t.match(
    (await refresh(refresh_token, prove(prover, '/oauth2/token'))).body,
    { error: 'invalid_grant' },
    'it has ended',
  );
});
