/**
 * Rotates KEY_ENCRYPTION_KEY: what was sealed with another key, and can be opened with one of KEY_DECRYPTION_KEYS, is sealed
 * with the one of now. Signing keys and the secrets of sessions stay what they are; only their form at rest changes.
 */
import type { Origin } from '../audit/auditEvent.ts';
import type { Clock } from '../core/clock.ts';
import type { SessionId } from '../core/ids.ts';
import { limits } from '../core/limits.ts';
import type { Sealing } from '../core/sealing.ts';
import { resealSigningKey } from '../keys/signingKey.ts';
import type { RefreshTokens } from '../sessions/refreshToken.ts';
import type { Database } from './database.ts';

export interface Resealed {
  readonly signingKeys: number;
  readonly sessions: number;
}

/** Doing it again does what is left. Rejects, and changes nothing, where no key opens a value. */
export type ResealKeys = (origin: Origin) => Promise<Resealed>;

interface ResealParts {
  readonly database: Database;
  readonly sealing: Sealing;
  readonly refreshTokens: Pick<RefreshTokens, 'resealSecret'>;
  readonly clock: Pick<Clock, 'now'>;
}

export function createResealKeys(parts: ResealParts): ResealKeys {
  return async (origin) => {
    const signingKeys = await resealRing(parts);
    const sessions = await resealSessions(parts);
    const reason = `${signingKeys} signing keys, ${sessions} sessions`;
    await parts.database.audit.record({ type: 'keys_resealed', origin, reason }, parts.clock.now());
    return { signingKeys, sessions };
  };
}

function resealRing({ database, sealing }: ResealParts): Promise<number> {
  return database.transaction(async ({ signingKeys }) => {
    const { keys } = await signingKeys.lock();
    const others = keys.filter(({ sealedPrivateKey }) => !isSealedNow(sealedPrivateKey, sealing));
    for (const key of others) await signingKeys.save(resealSigningKey(key, sealing));
    return others.length;
  });
}

async function resealSessions({ database, sealing, refreshTokens }: ResealParts): Promise<number> {
  let resealed = 0;
  let after: SessionId | undefined;
  while (true) {
    const page = await database.sessions.listSealedOtherwise(sealing.header, limits.resealRows, after);
    await database.transaction(async ({ sessions }) => {
      for (const { id, sealedSecret } of page) {
        await sessions.reseal({ id, sealedSecret: refreshTokens.resealSecret({ id, sealedSecret }) });
      }
    });
    resealed += page.length;
    after = page.at(-1)?.id;
    if (page.length < limits.resealRows) return resealed;
  }
}

function isSealedNow(sealed: Uint8Array, { header }: Sealing): boolean {
  return Buffer.compare(sealed.subarray(0, header.length), header) === 0;
}
