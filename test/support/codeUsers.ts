/** Users who proved an e-mail or a phone, on an authority that sends to real servers, and their logins with codes. */
import type { Test } from 'tap';
import { openEngine, type PostgresEngine } from '../../src/storage/postgres/engine.ts';
import { dumpOf } from '../sessions/dump.ts';
import { startAuthority, type TestAuthority } from './authority.ts';
import type { Answer } from './clients.ts';
import { behindProxy } from './loginTries.ts';
import { mailSettings, startMailServer } from './mailServer.ts';
import { createShiftedClock } from './shiftedClock.ts';
import { smsSettings, startSmsServer } from './smsServer.ts';

export const ada = 'ada@example.com';
export const adaPhone = '+4915112345678';
export const bob = 'bob@example.com';

export async function startSenders(t: Test) {
  const [mail, sms] = [await startMailServer(), await startSmsServer()];
  t.teardown(() => Promise.all([mail.stop(), sms.stop()]));
  return { mail, sms, env: { ...mailSettings(mail), ...smsSettings(sms) } };
}

type Senders = Omit<Awaited<ReturnType<typeof startSenders>>, 'env'>;
type Headers = Readonly<Record<string, string>>;

export async function startWithCodes(
  t: Test,
  { env = {}, rateLimits }: { readonly env?: Headers; readonly rateLimits?: number } = {},
) {
  const senders = await startSenders(t);
  const clock = createShiftedClock();
  let engine: PostgresEngine | undefined;
  const openDatabase: typeof openEngine = async (...how) => {
    engine = await openEngine(...how);
    return engine;
  };
  const all = { CODE_LOGIN: 'both', ...behindProxy, ...senders.env, ...env };
  const limited = rateLimits === undefined ? {} : { rateLimits };
  const authority = await startAuthority({ clock, openDatabase, env: all, ...limited });
  t.teardown(() => authority.stop());
  return {
    ...{ ...authority, ...senders, clock, ...codesAt(authority, senders) },
    /** Every row of every table, as text. */
    async dump(): Promise<string> {
      const connection = await (engine as PostgresEngine).connect();
      const rows = await dumpOf((sql) => connection.query<{ row: string }>(sql));
      await connection.close();
      return rows.join('\n');
    },
  };
}

export function codesAt({ call, register, login }: TestAuthority, { mail, sms }: Senders) {
  const post = (path: string, body: object, headers: Headers = {}, token?: string) =>
    call('POST', path, { body, headers, ...(token === undefined ? {} : { token }) });
  /** Must succeed. */
  const done = async (answer: Promise<Answer>): Promise<Answer> => {
    const got = await answer;
    if (got.status >= 300) throw new Error(`${got.status}: ${JSON.stringify(got.body)}`);
    return got;
  };
  /** The next mail to this address with a code. */
  const codeTo = async (email: string) => {
    let next = await mail.mailTo(email);
    while (next.code === '') next = await mail.mailTo(email);
    return next;
  };
  const prove = async (email: string, token: string) => {
    await done(call('POST', '/auth/email/verification', { token }));
    const { code } = await codeTo(email);
    await done(post('/auth/email/verify', { code }, {}, token));
  };
  const addPhone = async (number: string, token: string) => {
    await done(post('/auth/phone', { phone: number }, {}, token));
    const { code } = await sms.smsTo(number);
    await done(post('/auth/phone/verify', { code }, {}, token));
  };
  return {
    post,
    codeTo,
    done,
    prove,
    addPhone,
    /** Registers a user with a proved e-mail; returns the token of a session by password. */
    async proved(email: string): Promise<string> {
      await register(email);
      const { access_token: token } = await login(email);
      await prove(email, token);
      return token;
    },
    /** With a proved e-mail and phone. */
    async withPhone(email: string, number: string): Promise<string> {
      await register(email);
      const { access_token: token } = await login(email);
      await prove(email, token);
      await addPhone(number, token);
      return token;
    },
    begin: (to: object, headers: Headers = {}) => post('/auth/login/code/start', to, headers),
    /** The login token and the code of the mail. */
    async mailed(email: string, headers: Headers = {}) {
      const { body } = await done(post('/auth/login/code/start', { email }, headers));
      return { loginToken: String(body.login_token), code: (await codeTo(email)).code };
    },
    async texted(number: string, headers: Headers = {}) {
      const { body } = await done(post('/auth/login/code/start', { phone: number }, headers));
      return { loginToken: String(body.login_token), code: (await sms.smsTo(number)).code };
    },
    finishCode: (loginToken: string, code: string, more: object = {}, headers: Headers = {}) =>
      post('/auth/login/code', { login_token: loginToken, code, ...more }, headers),
  };
}

/** Another code of six digits. */
export function wrongCode(code: string): string {
  return code === '000000' ? '111111' : '000000';
}
