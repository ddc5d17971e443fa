/** Password login: verifies the user, then starts a session. */

import { normaliseEmail } from '../accounts/email.ts';
import type { User } from '../accounts/user.ts';
import type { Actor } from '../audit/auditEvent.ts';
import type { Stores } from '../database.ts';
import type { Turn } from '../platform/queues/fairQueue.ts';
import type { RateLimits } from '../platform/rateLimits.ts';
import { chosenAudience, type TokenResponse } from '../sessions/tokenResponse.ts';
import type { AskForFactor } from './factors/pendingLogin.ts';
import { exchangeOneTimePassword, isOneTime, verifyOneTimePassword } from './oneTimePassword.ts';
import { hashTurn, type PasswordHasher } from './passwords/passwordHash.ts';
import { presentedPassword } from './passwords/passwordPolicy.ts';
import { type RefusingParts, refuseLogin } from './refuseLogin.ts';
import { type LoginClient, mayLogIn, type StartSessionParts, startSession } from './startSession.ts';
import type { PasswordAttempt, PasswordAttempts } from './throttling/passwordAttempts.ts';

export interface LoginParts extends StartSessionParts, RefusingParts {
  readonly passwords: PasswordHasher;
  readonly passwordAttempts: PasswordAttempts;
  readonly rateLimits: Pick<RateLimits, 'spend'>;
  readonly askForFactor: AskForFactor;
}

export interface LoginInput extends Omit<LoginClient, 'audience'> {
  readonly email: string;
  readonly password: string;
  /** The audience of the access token; the services' audience by default. */
  readonly audience?: string | undefined;
}

export type Login = (input: LoginInput, actor: Actor) => Promise<TokenResponse>;

export function createLogin(parts: LoginParts): Login {
  const { database, passwords, rateLimits } = parts;

  const verifyPassword = async (user: User | undefined, text: string, turn: Turn): Promise<boolean> => {
    if (user !== undefined && isOneTime(user)) return verifyOneTimePassword(parts, user, { text, turn });
    const password = presentedPassword(text, user?.passwordHash ?? '');
    // An unknown user takes the same work as a wrong password: response times must not reveal registration. So does a user who
    // has no password.
    if (user === undefined || user.passwordHash === '' || password === undefined)
      return passwords.verifyDummy(password ?? '', turn);
    return (await passwords.verify(user.passwordHash, password, turn)) && mayLogIn(parts, user);
  };

  return async (input, actor) => {
    const email = normaliseEmail(input.email);
    const client = { ...input, audience: await chosenAudience(parts, input.audience) };
    return parts.passwordAttempts.attempt(email, { ip: actor.ip }, async (attempt) => {
      // An owner in a known network does not share the strangers' budget.
      if (attempt.countedAs === 'strangers') await rateLimits.spend(actor, 'login', 'global');
      const user = await database.users.findByEmail(email);
      const refuse = (rule: string) =>
        refuseLogin(parts, user, {
          ...({ code: 'invalid_credentials', rule, attempt, actor } as const),
          isGivenBack: rule === 'version',
        });
      const verified = await attempt.check(() => verifyPassword(user, input.password, attempt.turn));
      if (user === undefined || !verified) return refuse(ruleOf(parts, user));
      const opened = isOneTime(user)
        ? await exchangeOneTimePassword(parts, user, actor)
        : await open(parts, user, { password: input.password, client, attempt, actor });
      return opened ?? refuse('version');
    });
  };
}

interface Opening {
  readonly password: string;
  readonly client: LoginClient;
  readonly attempt: PasswordAttempt;
  readonly actor: Actor;
}

/** Undefined when the user changed meanwhile. Throws `second_factor_required`. */
async function open(
  parts: LoginParts,
  user: User,
  { password, client, attempt, actor }: Opening,
): Promise<TokenResponse | undefined> {
  const { passwords } = parts;
  const upgraded = passwords.needsRehash(user.passwordHash)
    ? await passwords.hash(password.normalize('NFC'), hashTurn(actor.ip, true))
    : undefined;
  const first = { user, amr: ['pwd'], openedBy: [] } as const;
  const keepHash = async (stores: Stores) => {
    if (upgraded !== undefined) await stores.users.replaceHash(user.id, user.passwordHash, upgraded);
  };
  // The place does not become a known one, and the count stays: whoever knows the password is not yet the owner.
  const asked = await parts.askForFactor({ ...first, commit: keepHash }, client, actor);
  if (asked !== undefined) throw asked;
  const proof = {
    ...({ ...first, acr: '1fa', reason: 'password' } as const),
    refusals: attempt.refusals,
    commit: async (stores: Stores, now: number) => {
      await keepHash(stores);
      await attempt.succeeded(stores, user, now);
      return true;
    },
  };
  return startSession(parts, proof, client, actor);
}

/** For the audit log only. A user who may not log in is recorded as such whatever the password was. */
function ruleOf(parts: LoginParts, user: User | undefined): string {
  if (user === undefined) return 'unknown_user';
  if (user.disabledAt !== undefined) return 'user_disabled';
  return mayLogIn(parts, user) ? 'wrong_password' : 'email_unverified';
}
