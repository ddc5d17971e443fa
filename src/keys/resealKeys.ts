/**
 * Reseals with the current KEY_ENCRYPTION_KEY what a key of KEY_DECRYPTION_KEYS opens. Signing keys, the secrets of sessions and
 * authenticator apps, and waiting messages stay the same; only their sealed form changes.
 */

import type { Clock } from '@countersign/verifier/clock';
import type { SessionId } from '@countersign/verifier/ids';
import type { Actor } from '../audit/auditEvent.ts';
import type { Database, Stores } from '../database.ts';
import type { TotpSecrets } from '../login/factors/totp.ts';
import type { SealedTotpSecret } from '../login/factors/totpStore.ts';
import type { ResealMessage, SealedMessage } from '../notifications/outbox.ts';
import { type Sealing, UnsealError } from '../platform/sealing.ts';
import { sessionLimits } from '../sessions/limits.ts';
import type { RefreshTokens } from '../sessions/refreshToken.ts';
import type { SealedSession, SessionRange } from '../sessions/store.ts';
import { keyLimits } from './limits.ts';
import { resealSigningKey } from './signingKey.ts';

export interface Resealed {
  readonly signingKeys: number;
  readonly sessions: number;
  /** Secrets of authenticator apps. */
  readonly totpSecrets: number;
  /** Mails and other messages that wait to be sent. */
  readonly messages: number;
  /** Sessions whose secret no key opens, from an earlier loss: they can never be refreshed. `first` is one to look at. */
  readonly unreadable: { readonly count: number; readonly first: SessionId | undefined };
}

/** Repeating it continues; completed pages stay done when it rejects. */
export type ResealKeys = (
  actor: Actor,
  /** Called after each page with the number of resealed sessions. */
  onPage?: (sessions: number) => void,
) => Promise<Resealed>;

interface ResealParts {
  readonly database: Database;
  readonly sealing: Sealing;
  readonly refreshTokens: Pick<RefreshTokens, 'resealSecret'>;
  readonly totpSecrets: Pick<TotpSecrets, 'reseal'>;
  readonly resealMessage: ResealMessage;
  readonly clock: Pick<Clock, 'now'>;
}

export function createResealKeys(parts: ResealParts): ResealKeys {
  return async (actor, onPage) => ({
    signingKeys: await resealRing(parts, actor),
    totpSecrets: await resealTotp(parts, actor),
    messages: await resealMessages(parts, actor),
    ...(await resealSessions(parts, actor, onPage)),
  });
}

function resealRing({ database, sealing, clock }: ResealParts, actor: Actor): Promise<number> {
  return database.transaction(async ({ signingKeys, audit }) => {
    const { keys } = await signingKeys.lock();
    const others = keys.filter(({ sealedPrivateKey }) => !isSealedNow(sealedPrivateKey, sealing));
    for (const key of others) await signingKeys.save(resealSigningKey(key, sealing));
    if (others.length > 0) {
      const reason = `signing_keys:${others.length}`;
      await audit.record({ type: 'keys_resealed', actor, reason }, clock.now());
    }
    return others.length;
  });
}

function resealTotp(parts: ResealParts, actor: Actor): Promise<number> {
  const { database, sealing, totpSecrets } = parts;
  return resealPages<SealedTotpSecret>(parts, actor, {
    what: 'totp_factors',
    page: (...page) => database.totpFactors.listSealedOtherwise(sealing.header, ...page),
    reseal: (secret) => ({ ...secret, sealedSecret: totpSecrets.reseal(secret) }),
    write: (stores, secret) => stores.totpFactors.reseal(secret),
  });
}

function resealMessages(parts: ResealParts, actor: Actor): Promise<number> {
  const { database, sealing, resealMessage } = parts;
  return resealPages<SealedMessage>(parts, actor, {
    what: 'outbox',
    page: (...page) => database.outbox.listSealedOtherwise(sealing.header, ...page),
    reseal: (message) => ({ ...message, sealedMessage: resealMessage(message) }),
    write: (stores, message) => stores.outbox.reseal(message),
  });
}

interface Resealing<Sealed extends { readonly id: string }> {
  /** For the audit log. */
  readonly what: string;
  readonly page: (after: Sealed['id'] | undefined, limit: number) => Promise<readonly Sealed[]>;
  readonly reseal: (sealed: Sealed) => Sealed;
  readonly write: (stores: Stores, sealed: Sealed) => Promise<void>;
}

/** What no key opens is left as it is. */
async function resealPages<Sealed extends { readonly id: string }>(
  { database, clock }: ResealParts,
  actor: Actor,
  { what, page, reseal, write }: Resealing<Sealed>,
): Promise<number> {
  let resealed = 0;
  let after: Sealed['id'] | undefined;
  do {
    const found = await page(after, keyLimits.resealedSecrets);
    after = found.at(-1)?.id;
    const opened = found.flatMap((sealed) => unlessLost(() => reseal(sealed)) ?? []);
    resealed += opened.length;
    if (opened.length === 0) continue;
    await database.transaction(async (stores) => {
      for (const sealed of opened) await write(stores, sealed);
      const reason = `${what}:${opened.length}`;
      await stores.audit.record({ type: 'keys_resealed', actor, reason }, clock.now());
    });
  } while (after !== undefined);
  return resealed;
}

async function resealSessions(
  parts: ResealParts,
  actor: Actor,
  onPage?: (sessions: number) => void,
): Promise<Pick<Resealed, 'sessions' | 'unreadable'>> {
  const { sessions } = parts.database;
  let resealed = 0;
  let unreadable: Resealed['unreadable'] = { count: 0, first: undefined };
  let range: SessionRange = { after: undefined, last: undefined };
  do {
    range = await sessions.nextRange(range.last, sessionLimits.sessionsPageRows);
    const page = await sessions.listSealedOtherwise(parts.sealing.header, range);
    const opened = page.flatMap((session) => {
      const sealedSecret = unlessLost(() => parts.refreshTokens.resealSecret(session));
      if (sealedSecret !== undefined) return [{ id: session.id, sealedSecret }];
      unreadable = { count: unreadable.count + 1, first: unreadable.first ?? session.id };
      return [];
    });
    if (opened.length > 0) await writePage(parts, opened, actor);
    resealed += opened.length;
    onPage?.(resealed);
  } while (range.last !== undefined);
  return { sessions: resealed, unreadable };
}

/** Undefined for a secret that no key opens. */
function unlessLost<Sealed>(reseal: () => Sealed): Sealed | undefined {
  try {
    return reseal();
  } catch (error) {
    if (error instanceof UnsealError) return undefined;
    throw error;
  }
}

function writePage(
  { database, clock }: ResealParts,
  page: readonly SealedSession[],
  actor: Actor,
): Promise<void> {
  return database.transaction(async ({ sessions, audit }) => {
    for (const session of page) await sessions.reseal(session);
    const reason = `sessions:${page.length}`;
    await audit.record({ type: 'keys_resealed', actor, reason }, clock.now());
  });
}

function isSealedNow(sealed: Uint8Array, { header }: Sealing): boolean {
  return Buffer.compare(sealed.subarray(0, header.length), header) === 0;
}
