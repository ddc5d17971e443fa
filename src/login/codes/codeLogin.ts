/**
 * A login with a code that was sent, in place of the password. Users with a second factor are asked for it; the channel of the code
 * does not count twice. A try counts as a wrong password does, for the address that the code went to: whoever knows an e-mail and a
 * number must not learn from the waits of one that they belong together. Every refusal looks alike.
 */
import { timingSafeEqual } from 'node:crypto';
import { AuthorityError } from '@countersign/verifier/errors';
import type { User } from '../../accounts/user.ts';
import type { Actor } from '../../audit/auditEvent.ts';
import type { Stores } from '../../database.ts';
import { notificationLimits } from '../../notifications/limits.ts';
import { isCode, type OneTimeToken, oneTimeTokenHash } from '../../platform/oneTimeTokens.ts';
import type { RateLimits } from '../../platform/rateLimits.ts';
import { chosenAudience, type TokenResponse } from '../../sessions/tokenResponse.ts';
import type { AskForFactor } from '../factors/pendingLogin.ts';
import { type RefusingParts, refuseLogin } from '../refuseLogin.ts';
import { type LoginClient, mayLogIn, type StartSessionParts, startSession } from '../startSession.ts';
import type { LoginName } from '../throttling/attemptSources.ts';
import type { PasswordAttempt, PasswordAttempts } from '../throttling/passwordAttempts.ts';
import { type CodeChannel, type CodeChannels, sentCodeHash } from './codeChannels.ts';
import type { CodeParts } from './codeKind.ts';
import { codeLoginPurpose } from './startCodeLogin.ts';

export interface CodeLoginParts extends StartSessionParts, RefusingParts, CodeParts {
  readonly passwordAttempts: PasswordAttempts;
  readonly channels: CodeChannels;
  readonly rateLimits: Pick<RateLimits, 'spend'>;
  readonly askForFactor: AskForFactor;
}

export interface CodeLoginInput extends Omit<LoginClient, 'audience'> {
  readonly loginToken: string;
  readonly code: string;
  readonly audience?: string | undefined;
}

/** Throws `invalid_code`, `second_factor_required`, and `rate_limited` or `recovery_required` after too many failures. */
export type CodeLogin = (input: CodeLoginInput, actor: Actor) => Promise<TokenResponse>;

/** A login that was begun. */
interface Begun {
  readonly token: OneTimeToken;
  readonly channel: CodeChannel;
  readonly address: LoginName;
  /** Undefined where nobody got a code. */
  readonly user: User | undefined;
}

export function createCodeLogin(parts: CodeLoginParts): CodeLogin {
  const { rateLimits } = parts;
  return async (input, actor) => {
    const client = { ...input, audience: await chosenAudience(parts, input.audience) };
    const begun = await find(parts, input.loginToken);
    if (begun === undefined) throw new AuthorityError('invalid_code', { reason: 'login_token' });
    const { address, user } = begun;
    await rateLimits.spend(actor, 'code_login', 'account', address);
    return parts.passwordAttempts.attempt(address, { ip: actor.ip }, async (attempt) => {
      // An owner in a known network does not share the strangers' budget.
      if (attempt.countedAs === 'strangers') await rateLimits.spend(actor, 'code_login', 'global');
      const refuse = (rule: string) =>
        refuseLogin(parts, user, {
          ...({ code: 'invalid_code', rule, attempt, actor } as const),
          isGivenBack: ['tries', 'version'].includes(rule),
        });
      const rule = await faultOf(parts, begun, input.code);
      if (rule === 'tries') return refuse(rule);
      if (!(await attempt.check(async () => rule === undefined)) || user === undefined)
        return refuse(rule ?? 'unknown_user');
      const tokens = await open(parts, { ...begun, user }, { attempt, client, actor });
      if (tokens === undefined) return refuse('version');
      parts.onCode(begun.channel.channel, 'used');
      return tokens;
    });
  };
}

async function find(
  { database, clock, channels }: CodeLoginParts,
  loginToken: string,
): Promise<Begun | undefined> {
  const hash = oneTimeTokenHash(loginToken);
  if (hash === undefined) return undefined;
  const token = await database.oneTimeTokens.find(hash, codeLoginPurpose, clock.now());
  if (token === undefined) return undefined;
  const channel = token.detail['kind'] === 'sms_code' ? channels.sms : channels.mail;
  const address = String(token.detail['address']) as LoginName;
  // Asked in any case: response times must not reveal registration.
  const found = await channel.find(database.users, address);
  return { token, channel, address, user: found?.id === token.userId ? found : undefined };
}

/** Why the code is refused; undefined for a right one. The try is counted, and committed, before it is compared. */
async function faultOf(
  parts: CodeLoginParts,
  { token, channel: { kind }, address, user }: Begun,
  code: string,
): Promise<string | undefined> {
  const { database, clock, codeHash } = parts;
  const { hash } = token;
  const most = notificationLimits.codeTries;
  const tried = await database.oneTimeTokens.tryCode(hash, codeLoginPurpose, most, clock.now());
  if (tried?.codeHash === undefined) return 'tries';
  const isForm = isCode(code);
  const given = sentCodeHash(codeHash, { hash, kind, address }, isForm ? code : '');
  const isRight = timingSafeEqual(tried.codeHash, given) && isForm;
  if (user === undefined) return 'unknown_user';
  if (!mayLogIn(parts, user)) return 'user_disabled';
  if (user.tokenVersion !== token.detail['token_version']) return 'version';
  return isRight ? undefined : 'wrong_code';
}

interface Opening {
  readonly attempt: PasswordAttempt;
  readonly client: LoginClient;
  readonly actor: Actor;
}

/** Undefined when the code was used meanwhile, or the user changed. */
async function open(
  parts: CodeLoginParts,
  { token, channel, address, user }: Begun & { readonly user: User },
  { attempt, client, actor }: Opening,
): Promise<TokenResponse | undefined> {
  const take = async (stores: Stores, now: number): Promise<boolean> => {
    // Of nobody, if the next code was sent since this one was compared.
    const taken = await stores.oneTimeTokens.take(token.hash, codeLoginPurpose, now);
    if (taken?.userId !== user.id) return false;
    const current = await stores.users.find(user.id);
    return current !== undefined && channel.addressOf(current) === address;
  };
  const factor = channel.factorOf(user);
  const first = { user, amr: [channel.amr], openedBy: factor === undefined ? [] : [factor] };
  // The place does not become a known one, and the count stays: whoever reads the code is not yet the owner.
  const asked = await parts.askForFactor(
    {
      ...{ ...first, proved: channel.kind },
      async commit(stores, now) {
        if (!(await take(stores, now))) throw new AuthorityError('invalid_code', { reason: 'code_login' });
      },
    },
    client,
    actor,
  );
  if (asked !== undefined) {
    parts.onCode(channel.channel, 'used');
    throw asked;
  }
  const proof = {
    ...({ ...first, acr: '1fa', reason: channel.kind } as const),
    refusals: attempt.refusals,
    async commit(stores: Stores, now: number) {
      if (!(await take(stores, now))) return false;
      await attempt.succeeded(stores, user, now);
      return true;
    },
  };
  return startSession(parts, proof, client, actor);
}
