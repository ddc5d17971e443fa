/** A user with a passkey of a software authenticator, at an authority that has a host name. */
import type { TestAuthority } from './authority.ts';
import type { Answer } from './clients.ts';
import { type Bent, createSoftAuthenticator, type SoftPasskey } from './softAuthenticator.ts';

/** The issuer of the authority; no browser is there, so its port need not be real. */
export const issuer = 'http://localhost:8080';

export interface PasskeyUser {
  /** The passkey's id among the factors. */
  readonly id: string;
  readonly passkey: SoftPasskey;
  readonly recoveryCodes: readonly string[];
  /** Of the session that added it, opened by the password alone. */
  readonly firstToken: string;
}

type Calls = Pick<TestAuthority, 'register' | 'login' | 'call'>;

export function passkeysAt({ register, login, call }: Calls, { counts = true }: { counts?: boolean } = {}) {
  const device = createSoftAuthenticator(issuer, { counts });

  const creationOptions = async (token: string) =>
    (await call('POST', '/auth/factors/passkeys/options', { token, body: {} })).body;

  const add = async (token: string, name = 'Blue key') => {
    const { passkey, answer: credential } = device.create(await creationOptions(token));
    const added = await call('POST', '/auth/factors/passkeys', { token, body: { name, credential } });
    return { passkey, added };
  };

  const startLogin = async () => (await call('POST', '/auth/login/passkey/options', { body: {} })).body;
  const finishLogin = (loginToken: string, credential: unknown, more: object = {}): Promise<Answer> =>
    call('POST', '/auth/login/passkey', { body: { login_token: loginToken, credential, ...more } });

  return {
    ...{ device, creationOptions, add, startLogin, finishLogin },

    /** Registers the user and adds a passkey. */
    async withPasskey(email: string): Promise<PasskeyUser> {
      await register(email);
      const { access_token: firstToken } = await login(email);
      const { passkey, added } = await add(firstToken);
      if (added.status !== 201) throw new Error(`not added: ${JSON.stringify(added.body)}`);
      return { id: added.body.id, passkey, recoveryCodes: added.body.recovery_codes, firstToken };
    },

    /** Both steps of a login with the passkey alone. */
    async passkeyLogin(passkey: SoftPasskey, bent: Bent = {}, more: object = {}): Promise<Answer> {
      const { login_token: loginToken, options } = await startLogin();
      return finishLogin(loginToken, device.get(passkey, options, bent), more);
    },

    /** A second step of a login, or a step-up with the session's token. */
    async startFactor(loginToken: string): Promise<{ readonly challenge: string; readonly rpId: string }> {
      const body = { login_token: loginToken, factor: 'passkey' };
      return (await call('POST', '/auth/login/factor/start', { body })).body.options;
    },
    async startStepUp(token: string): Promise<{ readonly challenge: string; readonly rpId: string }> {
      const started = await call('POST', '/auth/step-up/start', { token, body: { factor: 'passkey' } });
      return started.body.options;
    },
  };
}
