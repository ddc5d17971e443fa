/** A proof is good once over all nodes, and each node knows the nonces of the others. */
import t from 'tap';
import { password } from '../../support/authority.ts';
import { said } from '../../support/guards.ts';
import { aProver } from '../../support/proofs.ts';
import { email, startTwoNodes } from '../../support/twoNodes.ts';

const issuer = 'http://127.0.0.1:8080';

t.test('two nodes', async (t) => {
  const { one, two, guard } = await startTwoNodes(t);
  const prover = aProver();
  const body = { email, password };
  const login = (node: typeof one, dpop: string) =>
    node.call('POST', '/auth/login', { body, headers: { dpop } });
  const proof = (path: string, more: object = {}) =>
    prover.proof({ method: 'POST', url: issuer + path, ...more });

  const dpop = proof('/auth/login');
  const { body: tokens, headers } = await login(one, dpop);
  t.equal(tokens.token_type, 'DPoP');
  t.equal((await login(two, dpop)).body.code, 'invalid_dpop_proof', 'replayed at the other node');

  const nonce = headers.get('dpop-nonce') ?? '';
  const refreshed = await two.call('POST', '/auth/refresh', {
    body: { refresh_token: tokens.refresh_token },
    headers: { dpop: proof('/auth/refresh', { nonce }) },
  });
  t.equal(refreshed.status, 200, 'the nonce of one node at the other');

  const { access_token: token } = refreshed.body;
  const me = prover.headers({ method: 'GET', url: `${issuer}/auth/me`, token });
  const answers = await Promise.all(
    Array.from({ length: 50 }, (_, at) => [one, two][at % 2]?.call('GET', '/auth/me', { headers: me })),
  );
  const statuses = answers.map((answer) => answer?.status);
  t.equal(statuses.filter((status) => status === 200).length, 1, 'D7: fifty at once, one wins');
  t.equal(statuses.filter((status) => status === 401).length, 49);

  for (const node of [one, two]) {
    t.match((await node.call('GET', '/auth/me', { token })).body, { code: 'invalid_token' }, 'as Bearer');
    t.match(await node.grpc.introspect(token), { active: true, cnf: { jkt: prover.jkt } });
  }
  t.equal(await said(guard, token), '401 invalid_token bound');
  const url = 'https://orders.example/';
  const request = { method: 'GET', url, proof: prover.proof({ method: 'GET', url, token }) };
  t.equal(await said(guard, token, { request }), 'accepted');
});
