/**
 * Begins a login without the password: sends a code to a proved e-mail or phone. Answer, work and time are the same whether a user
 * has the address or not. The code is only good with the login token of the answer, which the asking client gets.
 */
import { randomBytes } from 'node:crypto';
import type { Clock } from '@countersign/verifier/clock';
import { AuthorityError } from '@countersign/verifier/errors';
import type { UserId } from '@countersign/verifier/ids';
import type { User } from '../../accounts/user.ts';
import type { Actor } from '../../audit/auditEvent.ts';
import type { Database, Stores } from '../../database.ts';
import { notificationLimits } from '../../notifications/limits.ts';
import { writeDecoy } from '../../notifications/outbox.ts';
import type { Config } from '../../platform/config/config.ts';
import { newId } from '../../platform/newId.ts';
import { newCode, newOneTimeToken } from '../../platform/oneTimeTokens.ts';
import type { RateLimits } from '../../platform/rateLimits.ts';
import { mayLogIn } from '../startSession.ts';
import type { LoginName } from '../throttling/attemptSources.ts';
import type { PasswordAttempts } from '../throttling/passwordAttempts.ts';
import { type CodeChannel, type CodeChannels, sentCodeHash } from './codeChannels.ts';
import type { CodeParts } from './codeKind.ts';
import { sendLoginCode } from './sendLoginCode.ts';

export interface StartCodeLoginParts extends CodeParts {
  readonly database: Database;
  readonly clock: Clock;
  readonly channels: CodeChannels;
  /** The channels that log in without the password. */
  readonly codeLogin: Config['codeLogin'];
  readonly requireVerifiedEmail: boolean;
  readonly rateLimits: Pick<RateLimits, 'spend'>;
  readonly passwordAttempts: Pick<PasswordAttempts, 'isKnownPlace'>;
}

export interface StartedCodeLogin {
  readonly loginToken: string;
  readonly expiresInSeconds: number;
}

export interface CodeAddress {
  readonly channel: keyof CodeChannels;
  readonly text: string;
}

/**
 * Throws `permission_denied` for a channel that the settings do not let log in, `mail_not_configured` or `sms_not_configured`, and
 * `invalid_request` for a malformed address or a phone of another country.
 */
export type StartCodeLogin = (to: CodeAddress, actor: Actor) => Promise<StartedCodeLogin>;

/** The one-time tokens of these logins. */
export const codeLoginPurpose = 'code_login';

export function createStartCodeLogin(parts: StartCodeLoginParts): StartCodeLogin {
  const { database, clock, channels, codeLogin, rateLimits, onCode } = parts;
  return async ({ channel: by, text }, actor) => {
    if (!codeLogin.includes(by))
      throw new AuthorityError('permission_denied', {
        detail: 'CODE_LOGIN does not allow a login with a code of this channel.',
      });
    const channel = channels[by];
    channel.checkConfigured();
    const address = (await channel.check(text)) as LoginName;
    const known = receiver(parts, channel, await channel.find(database.users, address));
    // An owner in a known place does not share the strangers' budget.
    if (!(await parts.passwordAttempts.isKnownPlace(known?.email ?? address, actor)))
      await rateLimits.spend(actor, 'code_login', 'global');
    const isAllowed = await channel.spend('login_code', address, { caller: actor, user: known });
    const { token, hash } = newOneTimeToken();
    const now = clock.now();
    const login = { channel, address, hash, actor, now };
    const isSent = await database.transaction(async (stores) => {
      const user = receiver(parts, channel, await channel.find(stores.users, address));
      if (user === undefined || user.id !== known?.id || !isAllowed) return pretend(stores, login);
      return send(parts, stores, user, login);
    });
    if (isSent) onCode(channel.channel, 'sent');
    return { loginToken: token, expiresInSeconds: notificationLimits.codeMilliseconds / 1000 };
  };
}

/** The user, if a code may be sent. */
function receiver(
  parts: Pick<StartCodeLoginParts, 'requireVerifiedEmail'>,
  channel: CodeChannel,
  user: User | undefined,
): User | undefined {
  if (user === undefined || !mayLogIn(parts, user)) return undefined;
  return channel.addressOf(user) === undefined ? undefined : user;
}

interface NewLogin {
  readonly channel: CodeChannel;
  readonly address: string;
  readonly hash: Buffer;
  readonly actor: Actor;
  readonly now: number;
}

async function send(
  parts: StartCodeLoginParts,
  stores: Stores,
  user: User,
  { channel, address, hash, actor, now }: NewLogin,
): Promise<true> {
  const { kind } = channel;
  const { id: userId, tokenVersion } = user;
  // Without its token, an earlier login would be refused in another way than one for an address that nobody has.
  await stores.oneTimeTokens.disown(userId, codeLoginPurpose, randomBytes(32));
  const code = newCode();
  await stores.oneTimeTokens.create({
    ...{ hash, purpose: codeLoginPurpose, userId, tries: 0, ...lifeFrom(now) },
    codeHash: sentCodeHash(parts.codeHash, { hash, kind, address }, code),
    detail: { kind, address, token_version: tokenVersion },
  });
  const minutes = notificationLimits.codeMilliseconds / 60_000;
  await sendLoginCode(parts, stores, { channel, user, address, code, minutes, actor, now });
  const about = { actor, userId, reason: 'login', detail: { channel: channel.channel } } as const;
  await stores.audit.record({ type: 'code_sent', ...about }, now);
  return true;
}

/** As many writes, and nobody gets a code: none is right. */
async function pretend(stores: Stores, { channel: { kind }, address, hash, now }: NewLogin): Promise<false> {
  await stores.oneTimeTokens.disown(newId<UserId>(now), codeLoginPurpose, randomBytes(32));
  await stores.oneTimeTokens.create({
    ...{ hash, purpose: codeLoginPurpose, userId: undefined, tries: 0, ...lifeFrom(now) },
    codeHash: randomBytes(32),
    detail: { kind, address, token_version: 0 },
  });
  await writeDecoy(stores, now);
  await writeDecoy(stores, now);
  return false;
}

function lifeFrom(now: number) {
  return { createdAt: now, expiresAt: now + notificationLimits.codeMilliseconds };
}
