/**
 * Reseals with the current KEY_ENCRYPTION_KEY what a key of KEY_DECRYPTION_KEYS opens. Signing keys and the secrets of sessions and
 * authenticator apps stay the same; only their sealed form changes.
 */

import type { Clock } from '@countersign/verifier/clock';
import type { FactorId, SessionId } from '@countersign/verifier/ids';
import type { Actor } from '../audit/auditEvent.ts';
import type { Database } from '../database.ts';
import type { TotpSecrets } from '../login/factors/totp.ts';
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
  readonly clock: Pick<Clock, 'now'>;
}

export function createResealKeys(parts: ResealParts): ResealKeys {
  return async (actor, onPage) => ({
    signingKeys: await resealRing(parts, actor),
    totpSecrets: await resealTotp(parts, actor),
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

async function resealTotp({ database, sealing, totpSecrets, clock }: ResealParts, actor: Actor) {
  const { totpFactors } = database;
  let resealed = 0;
  let after: FactorId | undefined;
  do {
    const page = await totpFactors.listSealedOtherwise(sealing.header, after, keyLimits.resealedSecrets);
    after = page.at(-1)?.id;
    const opened = page.flatMap((secret) => {
      const sealedSecret = unlessLost(() => totpSecrets.reseal(secret));
      return sealedSecret === undefined ? [] : [{ id: secret.id, sealedSecret }];
    });
    resealed += opened.length;
    if (opened.length === 0) continue;
    await database.transaction(async (stores) => {
      for (const secret of opened) await stores.totpFactors.reseal(secret);
      const reason = `totp_factors:${opened.length}`;
      await stores.audit.record({ type: 'keys_resealed', actor, reason }, clock.now());
    });
  } while (after !== undefined);
  return resealed;
}

async function resealSessions(
  parts: ResealParts,
  actor: Actor,
  onPage?: (sessions: number) => void,
): Promise<Omit<Resealed, 'signingKeys' | 'totpSecrets'>> {
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
function unlessLost(reseal: () => Uint8Array): Uint8Array | undefined {
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
