/**
 * Notices: a user is told what happened to the account. The link of a notice ends the session, or all of them, and takes back what was
 * done. Call it in the transaction of what happened. Without mail nothing is written.
 */
import { AuthorityError } from '@countersign/verifier/errors';
import type { FactorId, SessionId, UserId } from '@countersign/verifier/ids';
import type { Email } from '../accounts/email.ts';
import type { Stores } from '../database.ts';
import { parseUserAgent } from '../platform/userAgent.ts';
import { notificationLimits } from './limits.ts';
import type { MakeLink } from './links.ts';
import type { Message, NoticeSubject, Occasion, Templates, Told } from './message.ts';
import type { Notify } from './outbox.ts';

/** Templates with a not-me link. */
export type NoticeName = {
  [Name in keyof Templates]: Templates[Name] extends Told ? Name : never;
}[keyof Templates];

/** What happened, where and when; and what else the text needs. */
export type NoticeOccasion<Name extends NoticeName> = Omit<Templates[Name], keyof Told> & {
  readonly now: number;
  readonly actor: Requester;
  /** The session that the link ends; without it the link ends all. */
  readonly sessionId?: SessionId | undefined;
  /** What the link takes back; then it also ends all sessions. */
  readonly takesBack?: TakenBack;
  readonly deviceName?: string | undefined;
  /** Another address than the user's. */
  readonly to?: Email;
};

/** `withCodes`: the factor came with the user's recovery codes. */
export type TakenBack =
  | { readonly about: 'factor'; readonly factorId: FactorId; readonly withCodes?: boolean }
  | { readonly about: 'codes' }
  | {
      readonly about: 'email';
      readonly oldEmail: Email;
      readonly newEmail: Email;
      /** Whether the old address was the user's for certain. */
      readonly wasProved: boolean;
    };

/** What the one-time token of a not-me link holds. */
export type NotMeDetail = {
  readonly session_id: SessionId | null;
  readonly used: 'none' | 'session' | 'all';
  /** For the budget of mails. */
  readonly template: string;
  readonly takes_back: TakenBack | null;
};

/** Who did it, from where. */
export interface Requester {
  readonly ip?: string | undefined;
  readonly userAgent?: string | undefined;
}

export interface Recipient {
  readonly id: UserId;
  readonly email: Email;
  readonly locale?: string | undefined;
}

/**
 * Throws `rate_limited` where there were so many that what is taken back by its link would happen untold. What cannot be taken back is
 * left out then.
 */
export type Notices = <Name extends NoticeName>(
  stores: Pick<Stores, 'outbox' | 'oneTimeTokens'>,
  user: Recipient,
  template: Name,
  occasion: NoticeOccasion<Name>,
) => Promise<void>;

export function createNotices({
  notify,
  makeLink,
  mail,
}: {
  readonly notify: Notify;
  readonly makeLink: MakeLink;
  /** Whether mail can be sent. */
  readonly mail: boolean;
}): Notices {
  return async (stores, { id: userId, email, locale }, template, occasion) => {
    if (!mail) return;
    const { now, actor, sessionId, deviceName, takesBack, to = email, ...rest } = occasion;
    const { oneTimeTokens } = stores;
    const hourAgo = now - 60 * 60_000;
    const told = await oneTimeTokens.countOfTemplate(userId, 'not_me', template, hourAgo);
    if (told >= notificationLimits.noticesAnHour) {
      // A copied key cannot be refused once more; the links of the mails before remove it.
      if (takesBack === undefined || template === 'passkey_cloned') return;
      throw tooManyChanges();
    }
    const detail: NotMeDetail = {
      ...{ session_id: sessionId ?? null, template, used: 'none' },
      takes_back: takesBack ?? null,
    };
    const about: NoticeSubject = takesBack?.about ?? (sessionId === undefined ? 'all' : 'session');
    // The page needs no look-up to say what it does.
    const link = await makeLink(stores, { purpose: 'not_me', userId, detail, now });
    const notMeLink = `${link}&about=${about}`;
    const { factor } = rest as { readonly factor?: string };
    const named = factor === undefined ? {} : { factor: asPlainName(factor) };
    const data = { ...rest, ...named, ...occasionOf(actor, now, deviceName), notMeLink, about };
    const message = { channel: 'mail', template, to, locale, data } as unknown as Message;
    await notify(stores, message, { userId, now });
  };
}

function tooManyChanges(): AuthorityError {
  return new AuthorityError('rate_limited', {
    detail: 'The account was changed in this way too often; try again in an hour.',
    retryAfterSeconds: 60 * 60,
    reason: 'notices',
  });
}

/** Where and when, for a mail. */
export function occasionOf({ ip, userAgent }: Requester, at: number, deviceName?: string): Occasion {
  const { browser, os } = parseUserAgent(userAgent);
  const program = [browser, os].filter((each) => each !== undefined).join(', ');
  const names = [deviceName, program].filter((each) => each !== undefined && each !== '');
  return { at, ip, device: names.map((name) => asPlainName(name ?? '')).join(' / ') || undefined };
}

/** Clients choose these names. Mail programs turn whatever looks like an address into a link, so none is left. */
function asPlainName(text: string): string {
  const plain = text.replace(/[^\p{L}\p{M}\p{N} '()+,_…-]+/gu, ' ').replace(/ {2,}/g, ' ');
  return plain.slice(0, notificationLimits.deviceCharacters).trim();
}
