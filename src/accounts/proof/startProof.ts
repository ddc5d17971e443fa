/** Begins the proof of an e-mail: a mail with a code and a link, which void those of an earlier mail. */
import type { SessionId } from '@countersign/verifier/ids';
import type { Stores } from '../../database.ts';
import { notificationLimits } from '../../notifications/limits.ts';
import type { MakeLink } from '../../notifications/links.ts';
import type { Notify } from '../../notifications/outbox.ts';
import type { KeyedHash } from '../../platform/keyedHash.ts';
import { newCode } from '../../platform/oneTimeTokens.ts';
import type { Email } from '../email.ts';
import type { User } from '../user.ts';

export interface ProofParts {
  readonly makeLink: MakeLink;
  readonly notify: Notify;
  /** Hashes of codes: six digits need a key. */
  readonly codeHash: KeyedHash;
}

export interface ProofRequest {
  readonly user: User;
  /** The user's address, or the one that shall replace it. */
  readonly email: Email;
  /** That of the request. */
  readonly sessionId: SessionId;
  readonly now: number;
}

/** The caller holds the lock of the user's row. */
export async function startProof(
  { makeLink, notify, codeHash }: ProofParts,
  stores: Stores,
  { user, email, sessionId, now }: ProofRequest,
): Promise<void> {
  const { id: userId, locale, tokenVersion } = user;
  await stores.oneTimeTokens.forget(userId, 'email_proof');
  const code = newCode();
  const link = await makeLink(stores, {
    ...({ purpose: 'email_proof', userId, now } as const),
    detail: { email, session_id: sessionId, token_version: tokenVersion },
    codeHash: codeHash(userId, code),
  });
  const minutes = notificationLimits.codeMilliseconds / 60_000;
  const linkHours = notificationLimits.proofLinkMilliseconds / 3_600_000;
  const data = { code, minutes, link, linkHours };
  await notify(
    stores,
    { channel: 'mail', template: 'verify_email', to: email, locale, data },
    { userId, now },
  );
}
