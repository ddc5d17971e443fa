/** GitHub, which speaks OAuth 2.0 and no OpenID Connect, played by a small server. */
import { createHash, randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type IncomingHttpHeaders } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import t, { type Test } from 'tap';
import { claimsOf } from '../../support/clients.ts';
import { newIssuer, startAt } from '../../support/providerSignIn.ts';

interface Github {
  readonly issuer: string;
  user: unknown;
  emails: unknown;
  /** Of its answers to API requests. */
  status: number;
  readonly asked: string[];
}

/** An access token for a code and its verifier; errors of the token endpoint have the status 200, as at GitHub. */
function createTokens() {
  const codes = new Map<string, string>();
  return {
    authorize(query: URLSearchParams): string {
      const code = randomUUID();
      codes.set(code, query.get('code_challenge') ?? '');
      const back = new URL(query.get('redirect_uri') ?? '');
      back.search = new URLSearchParams({ code, state: query.get('state') ?? '' }).toString();
      return back.href;
    },
    exchange(form: URLSearchParams): object {
      const challenge = codes.get(form.get('code') ?? '');
      codes.delete(form.get('code') ?? '');
      const made = createHash('sha256')
        .update(form.get('code_verifier') ?? '')
        .digest('base64url');
      if (challenge !== made || form.get('client_secret') !== 'secret')
        return { error: 'bad_verification_code' };
      return { access_token: 'gho_x', token_type: 'bearer', scope: 'read:user,user:email' };
    },
  };
}

async function startGithub(t: Test): Promise<Github> {
  const tokens = createTokens();
  const github: Github & { issuer: string } = {
    ...{ issuer: '', status: 200, asked: [], user: { id: 583_231, login: 'octocat' } },
    emails: [
      { email: 'other@example.com', primary: false, verified: true },
      { email: 'octocat@example.com', primary: true, verified: true },
    ],
  };
  const api = (path: string, { authorization, 'user-agent': program }: IncomingHttpHeaders) => {
    if (authorization !== 'Bearer gho_x' || program === undefined) return { status: 401, body: {} };
    return { status: github.status, body: path === '/api/v3/user' ? github.user : github.emails };
  };
  const server = createServer(async (request, response) => {
    const { pathname, searchParams } = new URL(request.url ?? '', github.issuer);
    github.asked.push(pathname);
    if (pathname === '/login/oauth/authorize')
      return response.writeHead(302, { location: tokens.authorize(searchParams) }).end();
    const { status, body } =
      pathname === '/login/oauth/access_token'
        ? { status: 200, body: tokens.exchange(new URLSearchParams(await text(request))) }
        : api(pathname, request.headers);
    return response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.teardown(() => {
    server.close();
    server.closeAllConnections();
  });
  github.issuer = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return github;
}

async function start(t: Test, entry: object = {}) {
  const at = await newIssuer();
  const github = await startGithub(t);
  const { issuer } = github;
  const usual = { name: 'github', label: 'GitHub', kind: 'github', issuer, trust_email: true };
  const own = { client_id: 'id', client_secret: 'secret' };
  return { github, ...(await startAt(t, at, [{ ...usual, ...own, ...entry }])) };
}

t.test('a user is the number, not the login name', async (t) => {
  const { github, signIn, authority } = await start(t);
  const first = await signIn('github');
  t.equal(first.status, 200, JSON.stringify(first.body));
  const { sub } = claimsOf(first.body.access_token);
  t.match(await authority.operations.showUser({ userId: sub as never }), { email: 'octocat@example.com' });
  github.user = { id: 583_231, login: 'renamed' };
  github.emails = [];
  t.equal(claimsOf((await signIn('github')).body.access_token).sub, sub);
  github.user = { id: 1, login: 'octocat' };
  t.match((await signIn('github')).body, { code: 'identity_not_linked' }, 'the name has a new owner');
});

t.test('only the primary address counts, and only verified', async (t) => {
  const { github, signIn } = await start(t);
  for (const emails of [
    [{ email: 'a@example.com', primary: true, verified: false }],
    [{ email: 'a@example.com', primary: true, verified: 'true' }],
    [{ email: 'a@example.com', primary: false, verified: true }],
    [null, 7, {}],
    { message: 'no list' },
  ]) {
    github.emails = emails;
    t.match((await signIn('github')).body, { code: 'identity_not_linked' }, JSON.stringify(emails));
  }
});

t.test('answers that are no user', async (t) => {
  const { github, signIn } = await start(t);
  for (const user of [{}, { id: '583231' }, { id: 0 }, { id: -1 }, { id: 1.5 }, { id: 2 ** 60 }, null, []]) {
    github.user = user;
    t.equal((await signIn('github')).status, 403, JSON.stringify(user));
  }
  github.status = 500;
  t.equal((await signIn('github')).status, 503);
});

t.test('e-mails are not read where they are not trusted; a wrong secret signs nobody in', async (t) => {
  const { github, signIn } = await start(t, { trust_email: false });
  await signIn('github');
  t.notOk(github.asked.includes('/api/v3/user/emails'));
  const wrong = await start(t, { client_secret: 'wrong' });
  t.equal((await wrong.signIn('github')).status, 403);
});
