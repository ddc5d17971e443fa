/** A user who may use the API: with a role, an authenticator app, and a token for it. */
import { apiAudience } from '../../src/rights/apiAudience.ts';
import { password, type TestAuthority, type Tokens } from './authority.ts';
import { earlyInStep, totpAt } from './secondFactor.ts';

const operator = { name: 'operator' };

export interface Administrator {
  readonly userId: string;
  readonly secret: string;
  /** For the API, proved a moment ago. */
  readonly token: string;
  readonly refreshToken: string;
  readonly sessionId: string;
}

export const apiOfTests = apiAudience('http://127.0.0.1:8080');

/** Registers a user and gives them the role that has every permission. The second factor is added at the login. */
export async function newAdministrator(
  authority: TestAuthority,
  email: string,
  now: () => number = Date.now,
): Promise<Administrator> {
  await authority.register(email);
  await authority.authority.operations.makeAdmin({ email }, operator);
  return loginEnrolling(authority, email, now);
}

/** A user with just these scopes at the API. */
export async function newUserWith(
  authority: TestAuthority,
  email: string,
  scopes: readonly string[],
  now: () => number = Date.now,
): Promise<Administrator> {
  const { operations } = authority.authority;
  const name = email.split('@')[0] ?? '';
  await authority.register(email);
  const known = (await operations.listResources()).find(({ audience }) => audience === apiOfTests);
  const all = [...new Set([...(known?.scopes ?? []), ...scopes])];
  await operations.setResource(
    { audience: apiOfTests, scopes: all, everyone: [], accessTtlMs: undefined },
    operator,
  );
  await operations.setRole({ name, audience: apiOfTests, scopes }, operator);
  await operations.grantRole({ role: name, user: { email } }, operator);
  return loginEnrolling(authority, email, now);
}

/** The login of somebody with a role at the API, who has no second factor yet: it asks for one. */
export async function loginEnrolling(
  { call, refresh }: TestAuthority,
  email: string,
  now: () => number,
  given = password,
): Promise<Administrator> {
  const first = await call('POST', '/auth/login', { body: { email, password: given } });
  const { login_token, enrolment } = first.body;
  if (enrolment?.[0] !== 'totp') throw new Error(`no factor is asked for: ${JSON.stringify(first.body)}`);
  const { secret } = (await call('POST', '/auth/login/factor/enrol', { body: { login_token } })).body;
  await earlyInStep();
  const totp = totpAt(secret, now());
  const { body } = await call('POST', '/auth/login/factor', { body: { login_token, totp } });
  const tokens = body as Tokens;
  return { ...(await tokenForApi({ call, refresh }, tokens)), secret };
}

/** What the console does: it refreshes for the audience of the API. */
export async function tokenForApi(
  { call }: Pick<TestAuthority, 'call' | 'refresh'>,
  tokens: Pick<Tokens, 'refresh_token'>,
): Promise<Omit<Administrator, 'secret'>> {
  const body = { refresh_token: tokens.refresh_token, audience: apiOfTests };
  const answer = (await call('POST', '/auth/refresh', { body })).body;
  const token = answer.access_token as string;
  const { sub, sid } = JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString());
  return { userId: sub, sessionId: sid, token, refreshToken: answer.refresh_token };
}
