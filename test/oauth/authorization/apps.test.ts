/** Applications with access: the user sees them and takes the access back, with effect on their sessions. */
import t, { type Test } from 'tap';
import { answerIn, aVerifier, createVisits } from '../../support/authorizing.ts';
import { ownPage, withCookie } from '../../support/browserPage.ts';
import { aGuard, said } from '../../support/guards.ts';
import { basic, startIssuer } from '../../support/oauthClients.ts';

const callback = 'https://prints.example/callback';
const { verifier, challenge } = aVerifier();
const alice = 'alice@example.com';

async function open(t: Test) {
  const opened = await startIssuer(t);
  const { issuer, call, client, register, login, form, serviceToken, grpcPort } = opened;
  await register(alice);
  const { visit, signIn, authorize } = createVisits(issuer, call);
  const cookie = await signIn(alice);
  const { access_token: token } = await login(alice);
  const guard = aGuard(t, [{ address: `127.0.0.1:${grpcPort}` }], {
    ...{ serviceToken, audience: 'countersign', issuer },
  });
  await guard.ready();

  const app = async (name: string) => {
    const { id, secret } = await client(name, { kind: 'third_party', redirectUris: [callback] });
    const asked = {
      ...{ client_id: id, redirect_uri: callback, response_type: 'code', scope: 'openid offline_access' },
      ...{ code_challenge: challenge, code_challenge_method: 'S256' },
    };
    const ask = () => authorize(asked, cookie);
    const redeem = async (code: string | undefined) =>
      form(
        '/oauth2/token',
        {
          ...{ grant_type: 'authorization_code', code: code ?? '', redirect_uri: callback },
          code_verifier: verifier,
        },
        basic(id, secret),
      );
    /** Allows it on the page, and returns the code. */
    const allow = async () => {
      const { body } = await ask();
      const hidden = Object.fromEntries(
        [...body.matchAll(/name="(request|session)" value="([^"]*)"/g)].map(([, field, value]) => [
          field,
          value,
        ]),
      );
      const decided = await visit('/oauth2/authorize/consent', cookie, { ...hidden, decision: 'allow' });
      const { to = '' } = decided;
      const seen = to.startsWith(callback) ? decided : await visit(to, cookie);
      return answerIn(seen)['code'];
    };
    return { id, ask, allow, redeem, refresh: (value: string) => refresh(id, secret, value) };
  };
  const refresh = (id: string, secret: string, value: string) =>
    form('/oauth2/token', { grant_type: 'refresh_token', refresh_token: value }, basic(id, secret));
  const list = async () => (await call('GET', '/auth/apps', { token })).body.apps;
  const takeBack = (id: string, by = token) => call('DELETE', `/auth/apps/${id}`, { token: by });
  return { ...opened, token, guard, app, list, takeBack };
}

t.test('taking back ends the sessions of that application, with effect, and of no other', async (t) => {
  const { app, list, takeBack, guard, call, token, operations } = await open(t);
  const [prints, notes] = [await app('prints'), await app('notes')];
  const tokens = (await prints.redeem(await prints.allow())).body;
  const others = (await notes.redeem(await notes.allow())).body;
  t.equal(await said(guard, tokens.access_token), 'accepted');
  t.match(await list(), [
    {
      ...{ client_id: notes.id, name: 'notes' },
      resources: [{ audience: 'countersign', scopes: ['openid', 'offline_access'] }],
    },
    { client_id: prints.id, name: 'prints' },
  ]);

  const { status, headers } = await takeBack(prints.id);
  t.equal(status, 204);
  t.match(headers.get('server-timing'), /^effect;dur=/);
  t.equal(await said(guard, tokens.access_token), '401 invalid_token revoked', 'the first request after it');
  t.equal((await prints.refresh(tokens.refresh_token)).status, 400);
  t.equal(await said(guard, others.access_token), 'accepted');
  t.equal((await call('GET', '/auth/me', { token })).status, 200);
  t.strictSame(
    (await list()).map((each: { name: string }) => each.name),
    ['notes'],
  );
  t.equal((await prints.ask()).to, undefined, 'it has to ask again');
  t.match(await operations.listAudit({ type: 'consent_withdrawn' }), [
    { reason: 'prints', detail: { client_id: prints.id }, actor: 'user' },
  ]);
  t.match((await operations.listAudit({ type: 'session_ended' })).at(0), { reason: 'consent_withdrawn' });

  t.equal((await takeBack(prints.id)).status, 204, 'again: the first answer may have been lost');
  t.equal((await operations.listAudit({ type: 'consent_withdrawn' })).length, 1);
});

t.test('a code in flight does not outlive it', async (t) => {
  const { app, takeBack, operations } = await open(t);
  const prints = await app('prints');
  const code = await prints.allow();
  t.type(code, 'string');
  await takeBack(prints.id);
  t.match(await prints.redeem(code), { status: 400, body: { error: 'invalid_grant' } });
  t.match(await operations.listAudit({ type: 'authorization_code_refused' }), [
    { reason: 'consent_withdrawn' },
  ]);

  for (let round = 0; round < 5; round += 1) {
    const next = await prints.allow();
    const [redeemed] = await Promise.all([prints.redeem(next), takeBack(prints.id)]);
    if (redeemed.status !== 200) continue;
    t.equal((await prints.refresh(redeemed.body.refresh_token)).status, 400, 'whichever came first');
  }
});

t.test('of somebody else, of nobody, of a service', async (t) => {
  const { app, takeBack, register, login, client, list, call } = await open(t);
  const prints = await app('prints');
  await prints.redeem(await prints.allow());
  await register('bob@example.com');
  const { access_token: bob } = await login('bob@example.com');
  t.equal((await takeBack(prints.id, bob)).status, 204, 'there was nothing of his');
  t.equal((await list()).length, 1, 'that of others is as it was');
  const { id: service } = await client('reports');
  for (const id of [service, '01a22ac5-71e7-7141-ae6a-48e05753b7d7'])
    t.equal((await takeBack(id)).status, 404);
  t.equal((await takeBack('x')).status, 400);
  t.equal((await call('GET', '/auth/apps')).status, 401);
  const { headers } = await call('GET', '/auth/apps', { headers: { ...ownPage, ...withCookie('x') } });
  t.match(headers.get('www-authenticate'), 'Bearer', 'a cookie alone is nothing');
});
