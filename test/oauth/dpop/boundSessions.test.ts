/** Sessions that are bound to a key: what a thief without the key can do, and what its owner can do after a long tunnel. */
import t, { type Test } from 'tap';
import { password, startAuthority } from '../../support/authority.ts';
import { type Answer, claimsOf } from '../../support/clients.ts';
import { aProver, type Prover } from '../../support/proofs.ts';
import { createShiftedClock } from '../../support/shiftedClock.ts';

const issuer = 'http://127.0.0.1:8080';
const email = 'alice@example.com';
const hour = 60 * 60_000;
const clock = createShiftedClock();
const authority = await startAuthority({ clock });
t.teardown(() => authority.stop());
const { call, grpc } = authority;
await authority.register(email);
const prove = (prover: Prover, path: string, method = 'POST') => ({
  dpop: prover.proof({ method, url: issuer + path }),
});
const key = () => aProver(clock.now);

const login = async (prover?: Prover): Promise<Answer['body']> => {
  const headers = prover === undefined ? {} : prove(prover, '/auth/login');
  return (await call('POST', '/auth/login', { body: { email, password }, headers })).body;
};
const refresh = (token: string, prover?: Prover): Promise<Answer> =>
  authority.refresh(token, prover === undefined ? {} : prove(prover, '/auth/refresh'));
const brief = ({ status, body }: Answer) => `${status} ${body.code ?? body.token_type ?? ''}`.trim();
const me = async (headers: Record<string, string>) => brief(await call('GET', '/auth/me', { headers }));
const asOwner = (prover: Prover, token: string, path = '/auth/me', method = 'GET') =>
  prover.headers({ method, url: issuer + path, token });
const isLive = async (token: string) => !(await grpc.isRevoked(claimsOf(token).jti)).revoked;

t.test('a proof at login binds the session and its tokens', async (t) => {
  const prover = key();
  const tokens = await login(prover);
  t.equal(tokens.token_type, 'DPoP');
  t.strictSame(claimsOf(tokens.access_token)['cnf'], { jkt: prover.jkt });
  t.match(await grpc.introspect(tokens.access_token), {
    active: true,
    tokenType: 'DPoP',
    cnf: { jkt: prover.jkt },
  });
  const next = await refresh(tokens.refresh_token, prover);
  t.equal(brief(next), '200 DPoP');
  t.strictSame(claimsOf(next.body.access_token)['cnf'], { jkt: prover.jkt });
  t.ok(next.headers.has('dpop-nonce'), 'the nonce for the next request');
  const plain = await login();
  t.equal(plain.token_type, 'Bearer');
  t.notOk('cnf' in claimsOf(plain.access_token));
  t.match(await grpc.introspect(plain.access_token), { tokenType: 'Bearer', cnf: null });
});

t.test('a bound token is good with a proof only (D5–D7, D10–D12)', async (t) => {
  const prover = key();
  const { access_token: token } = await login(prover);
  const { access_token: plain } = await login();
  t.equal(await me(asOwner(prover, token)), '200');
  t.equal(await me({ authorization: `Bearer ${plain}` }), '200');

  const once = asOwner(prover, token);
  const bound = `DPoP ${token}`;
  const proof = (change: object) => ({
    authorization: bound,
    dpop: prover.proof({ method: 'GET', url: `${issuer}/auth/me`, token, ...change }),
  });
  await me(once);
  const rows: readonly (readonly [string, Record<string, string>, string])[] = [
    ['D10: as Bearer', { authorization: `Bearer ${token}` }, 'invalid_token'],
    [
      'as Bearer with its proof',
      { ...asOwner(prover, token), authorization: `Bearer ${token}` },
      'invalid_token',
    ],
    ['without a proof', { authorization: bound }, 'invalid_token'],
    ['D7: a proof twice', once, 'invalid_dpop_proof'],
    ['D5: of another method', proof({ method: 'POST' }), 'invalid_dpop_proof'],
    ['D4: of another address', proof({ url: `${issuer}/auth/sessions` }), 'invalid_dpop_proof'],
    ['D4: of another server', proof({ url: 'https://other.example/auth/me' }), 'invalid_dpop_proof'],
    ['D6: without ath', proof({ token: undefined }), 'invalid_dpop_proof'],
    ['D6: of another token', proof({ token: plain }), 'invalid_dpop_proof'],
    ['D12: of another key', asOwner(key(), token), 'invalid_token'],
    ['D11: an unbound token as DPoP', asOwner(prover, plain), 'invalid_token'],
    [
      'D11: an unbound token as Bearer with a proof',
      { ...asOwner(prover, plain), authorization: `Bearer ${plain}` },
      'invalid_token',
    ],
    ['D9: a stale nonce', proof({ nonce: 'x' }), 'use_dpop_nonce'],
  ];
  for (const [what, headers, code] of rows) t.equal(await me(headers), `401 ${code}`, what);
  const refused = await call('GET', '/auth/me', { token });
  t.match(
    refused.headers.get('www-authenticate'),
    /^DPoP realm="countersign", error="invalid_token", .*algs="ES256"$/,
  );
  const nonce = await call('GET', '/auth/me', { headers: proof({ nonce: 'x' }) });
  t.match(nonce.headers.get('www-authenticate'), /^DPoP realm="countersign", error="use_dpop_nonce"/);
  t.equal(
    await me(proof({ nonce: nonce.headers.get('dpop-nonce') })),
    '200',
    'with the nonce of the refusal',
  );
  clock.shift(5 * 60_000);
  t.equal(await me(proof({ nonce: nonce.headers.get('dpop-nonce') })), '200', 'five minutes later');
  clock.shift(5 * 60_000);
  t.equal(
    await me(proof({ nonce: nonce.headers.get('dpop-nonce') })),
    '401 use_dpop_nonce',
    'ten minutes later',
  );
});

t.test('a tunnel: the previous refresh token an hour later', async (t) => {
  const prover = key();
  const first = await login(prover);
  const lost = await refresh(first.refresh_token, prover);
  clock.shift(hour);
  const thief = await refresh(first.refresh_token);
  t.equal(brief(thief), '401 invalid_grant', 'without the key');
  t.match(thief.body.detail, /DPoP proof/);
  t.equal(brief(await refresh(first.refresh_token, key())), '401 invalid_grant', 'with another key');
  for (let time = 0; time < 7; time += 1) {
    const again = await refresh(first.refresh_token, prover);
    t.equal(again.body.refresh_token, lost.body.refresh_token, 'the same successor');
    if (time === 0) t.ok(await isLive(again.body.access_token));
  }
  const next = await refresh(lost.body.refresh_token, prover);
  t.equal(brief(next), '200 DPoP', 'the session lives');
  t.equal(brief(await refresh(first.refresh_token)), '401 invalid_grant');
  t.ok(await isLive(next.body.access_token), 'a thief without the key ends nothing');
  t.equal(brief(await refresh(first.refresh_token, prover)), '401 invalid_grant');
  t.notOk(await isLive(next.body.access_token), 'the successor was used: somebody has a copy of the key');
});

t.test('the program may change in the tunnel: the key says who it is', async (t) => {
  const prover = key();
  const first = await login(prover);
  const lost = await refresh(first.refresh_token, prover);
  const headers = { ...prove(prover, '/auth/refresh'), 'user-agent': 'updated' };
  const again = await authority.refresh(first.refresh_token, headers);
  t.equal(again.body.refresh_token, lost.body.refresh_token);
});

/** Login without a key, and refresh with one. */
async function upgraded(prover: Prover) {
  const first = await login();
  const second = (await refresh(first.refresh_token, prover)).body;
  return { first, second };
}

t.test('a session without a key is bound by a refresh with a proof', async (t) => {
  const prover = key();
  const { first, second } = await upgraded(prover);
  t.equal(second.token_type, 'DPoP');
  t.equal(brief(await refresh(second.refresh_token)), '401 invalid_grant');
  clock.shift(hour);
  const again = await refresh(first.refresh_token, prover);
  t.equal(again.body.refresh_token, second.refresh_token, 'its answer was lost');
  t.equal(brief(await refresh(second.refresh_token, prover)), '200 DPoP');
});

const stealing: Readonly<Record<string, (t: Test, first: Answer['body']) => Promise<void>>> = {
  async 'a refresh'(t, first) {
    t.equal(brief(await refresh(first.refresh_token)), '401 invalid_grant');
  },
  async 'a logout'(t, first) {
    const body = { refresh_token: first.refresh_token };
    t.equal((await call('POST', '/auth/logout', { body })).status, 204);
  },
};
for (const [name, ends] of Object.entries(stealing)) {
  t.test(`a thief who binds a stolen session cannot keep it: the owner's ${name} ends it`, async (t) => {
    const { first, second } = await upgraded(key());
    clock.shift(hour / 60);
    await ends(t, first);
    t.notOk(await isLive(second.access_token));
  });
}

t.test('of a session that was just bound, another tab is refused without harm', async (t) => {
  const prover = key();
  const { first, second } = await upgraded(prover);
  t.equal(brief(await refresh(first.refresh_token)), '401 invalid_grant');
  t.equal(brief(await refresh(second.refresh_token, prover)), '200 DPoP');
});

t.test('nor can a thief without the key log its owner out', async (t) => {
  const prover = key();
  const { refresh_token, access_token } = await login(prover);
  const logout = async (options: Parameters<typeof call>[2]) =>
    brief(await call('POST', '/auth/logout', options));
  t.equal(await logout({ body: { refresh_token } }), '401 invalid_grant');
  t.equal(await logout({ token: access_token }), '401 invalid_token');
  const byOther = prove(key(), '/auth/logout');
  t.equal(await logout({ body: { refresh_token }, headers: byOther }), '401 invalid_grant');
  t.ok(await isLive(access_token));
  const headers = asOwner(prover, access_token, '/auth/logout', 'POST');
  t.equal(await logout({ headers }), '204');
  t.notOk(await isLive(access_token));
  const again = prove(prover, '/auth/logout');
  t.equal(await logout({ body: { refresh_token }, headers: again }), '204', 'a repeat');
});

t.test('a bad proof is refused before anything else happens', async (t) => {
  const body = { email, password };
  const headers = { dpop: 'x' };
  const refused = await call('POST', '/auth/login', { body, headers });
  t.match([refused.status, refused.body.code], [401, 'invalid_dpop_proof']);
  t.match(refused.body.detail, /^DPoP: must be one JWT/);
  t.match(refused.headers.get('www-authenticate'), /^DPoP /);
  const { refresh_token } = await login();
  t.equal((await authority.refresh(refresh_token, headers)).body.code, 'invalid_dpop_proof');
  t.equal(brief(await refresh(refresh_token)), '200 Bearer', 'the token was not used');
});

t.test('what was refused for its key is in the audit log', async (t) => {
  const prover = key();
  const { refresh_token, session_id } = await login(prover);
  await refresh(refresh_token);
  const events = await authority.authority.operations.listAudit({ sessionId: session_id, limit: 5 });
  t.ok(events.some(({ type, reason }) => type === 'refresh_refused' && reason === 'other_key'));
});
