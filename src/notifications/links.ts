/**
 * Links in mails: one table of what they are for, where they lead and how long they live. Owns making one. Does not own what it
 * does: the operation that takes the purpose does.
 */
import type { UserId } from '@countersign/verifier/ids';
import type { Stores } from '../database.ts';
import { newOneTimeToken, type OneTimeDetail } from '../platform/oneTimeTokens.ts';
import { notificationLimits } from './limits.ts';

/** A page under ISSUER: GET shows it and changes nothing, since scanners of mail open links; POST acts. */
export const links = {
  registration: { path: '/auth/email/verify', milliseconds: notificationLimits.proofLinkMilliseconds },
  email_proof: { path: '/auth/email/verify', milliseconds: notificationLimits.proofLinkMilliseconds },
  recovery: { path: '/auth/recovery/complete', milliseconds: notificationLimits.recoveryLinkMilliseconds },
  handed_recovery: {
    path: '/auth/recovery/complete',
    milliseconds: notificationLimits.recoveryLinkMilliseconds,
  },
  factor_reset: {
    path: '/auth/factors/reset/stop',
    milliseconds: notificationLimits.factorResetLinkMilliseconds,
  },
  not_me: { path: '/auth/not-me', milliseconds: notificationLimits.notMeLinkMilliseconds },
} as const;

/**
 * What sets a new password: a link that was mailed, and what the operator or a one-time password gave. Apart, because strangers can
 * ask for a mail, which voids the mail before it.
 */
export const recoveryPurposes = ['recovery', 'handed_recovery'] as const;

export type LinkPurpose = keyof typeof links;

export interface NewLink {
  readonly purpose: LinkPurpose;
  /** Undefined for a link that nobody gets. */
  readonly userId: UserId | undefined;
  readonly detail: OneTimeDetail;
  readonly now: number;
  /** Of a code that does the same. */
  readonly codeHash?: Uint8Array;
}

/** Writes the token, and returns the link. */
export type MakeLink = (stores: Pick<Stores, 'oneTimeTokens'>, link: NewLink) => Promise<string>;

export function createMakeLink(issuer: string): MakeLink {
  return async ({ oneTimeTokens }, { purpose, userId, detail, now, codeHash }) => {
    const { token, hash } = newOneTimeToken();
    const { path, milliseconds } = links[purpose];
    const times = { createdAt: now, expiresAt: now + milliseconds };
    await oneTimeTokens.create({ hash, purpose, userId, codeHash, tries: 0, detail, ...times });
    return `${issuer}${path}?token=${token}`;
  };
}
