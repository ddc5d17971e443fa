/** An authenticator app as the RFCs say (4226, 6238, 4648), and a user who has one. */
import { createHmac } from 'node:crypto';
import { password, type TestAuthority } from './authority.ts';
import type { Answer } from './clients.ts';
import { eventually } from './eventually.ts';

const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567';

function fromBase32(text: string): Buffer {
  const bits = [...text].map((letter) => alphabet.indexOf(letter).toString(2).padStart(5, '0')).join('');
  return Buffer.from((bits.match(/.{8}/g) ?? []).map((byte) => Number.parseInt(byte, 2)));
}

/** The code of the time, in milliseconds. */
export function totpAt(secret: string, now: number): string {
  const counter = Buffer.alloc(8);
  counter.writeBigUInt64BE(BigInt(Math.floor(now / 30_000)));
  const mac = createHmac('sha1', fromBase32(secret)).update(counter).digest();
  const number = mac.readUInt32BE((mac[19] ?? 0) & 15) & 0x7fffffff;
  return String(number % 1_000_000).padStart(6, '0');
}

/** A code that is right neither now nor a step earlier or later. */
export function wrongTotpAt(secret: string, now: number): string {
  const right = [-30_000, 0, 30_000].map((shift) => totpAt(secret, now + shift));
  return ['000000', '111111', '222222', '333333'].find((code) => !right.includes(code)) ?? '444444';
}

export interface TotpUser {
  readonly id: string;
  readonly secret: string;
  readonly recoveryCodes: readonly string[];
  /** Of the session in which it was enrolled, by the password alone. */
  readonly firstSession: { readonly access_token: string; readonly refresh_token: string };
}

/** Five seconds remain in which the codes that are made now stay what they are: of this step, or the step before. */
export async function earlyInStep(): Promise<void> {
  await eventually('a step has begun', () => Date.now() % 30_000 < 25_000);
}

/** Registers a user and adds an authenticator app, with the code of `now`, early in a step. */
export async function enrolled(
  { register, login, call }: Pick<TestAuthority, 'register' | 'login' | 'call'>,
  email: string,
  now: () => number,
  headers: Readonly<Record<string, string>> = {},
): Promise<TotpUser> {
  await register(email);
  const firstSession = await login(email, headers);
  const token = firstSession.access_token;
  const { secret } = (await call('POST', '/auth/factors/totp', { token, headers })).body;
  await earlyInStep();
  const code = totpAt(secret, now());
  const confirmed = await call('POST', '/auth/factors/totp/confirm', { token, body: { code }, headers });
  if (confirmed.status !== 200) throw new Error(`not confirmed: ${JSON.stringify(confirmed.body)}`);
  return { id: confirmed.body.id, secret, recoveryCodes: confirmed.body.recovery_codes, firstSession };
}

export interface SecondStep {
  /** The first step, which must ask for the second. */
  begin(email: string, headers?: Readonly<Record<string, string>>): Promise<string>;
  /** The second step. */
  finish(loginToken: string, proof: object, headers?: Readonly<Record<string, string>>): Promise<Answer>;
}

export function secondStepAt({ call }: Pick<TestAuthority, 'call'>): SecondStep {
  return {
    async begin(email, headers = {}) {
      const answer = await call('POST', '/auth/login', { body: { email, password }, headers });
      if (answer.body.code !== 'second_factor_required')
        throw new Error(`login answered ${answer.status}: ${JSON.stringify(answer.body)}`);
      return answer.body.login_token;
    },
    finish: (loginToken, proof, headers = {}) =>
      call('POST', '/auth/login/factor', { body: { login_token: loginToken, ...proof }, headers }),
  };
}

/** The claims of an access token, unverified. */
export function claimsIn(token: string) {
  return JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString());
}
