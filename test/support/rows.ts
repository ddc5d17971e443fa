/** Users and sessions as rows, for tests of what is stored. */
import { randomBytes } from 'node:crypto';
import type { SessionId, UserId } from '@countersign/verifier/ids';
import type { Email } from '../../src/accounts/email.ts';
import type { User } from '../../src/accounts/user.ts';
import { newId } from '../../src/platform/newId.ts';
import type { NewSession } from '../../src/sessions/store.ts';
import type { Storage } from '../../src/storage/postgres/storage.ts';

export const minute = 60_000;

/** When the rows were made, unless they say otherwise. */
export const rowsMadeAt = Date.UTC(2026, 0, 1);

let made = 0;

export async function newUser({ database }: Pick<Storage, 'database'>): Promise<User> {
  made += 1;
  const id = newId<UserId>(rowsMadeAt);
  const email = `user${made}@example.com` as Email;
  await database.users.create({ id, email, passwordHash: '$argon2id$' }, rowsMadeAt);
  return (await database.users.find(id)) as User;
}

export async function newSession(
  { database }: Pick<Storage, 'database'>,
  user: User,
  at = rowsMadeAt,
  signingKid = 'kid',
): Promise<SessionId> {
  const id = newId<SessionId>(at);
  const session: NewSession = {
    id,
    userId: user.id,
    sealedSecret: randomBytes(60),
    tokenVersion: user.tokenVersion,
    rightsEpoch: 0,
    clientId: 'client',
    scope: 'account',
    amr: ['pwd'],
    acr: '1fa',
    openedBy: [],
    authTime: at,
    deviceName: 'Laptop',
    userAgent: 'agent',
    ip: '127.0.0.1',
    deviceId: undefined,
    createdAt: at,
    lastUsedAt: at,
    idleExpiresAt: at + 30 * minute,
    expiresAt: at + 90 * minute,
    accessExpiresAt: at + 15 * minute,
  };
  await database.sessions.create(session, signingKid);
  return id;
}
