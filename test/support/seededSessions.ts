/** Many live sessions at once, each with an access token: as logins make them, but for the seconds that passwords take. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { UserId } from '@countersign/verifier/ids';
import type { Email } from '../../src/accounts/email.ts';
import type { User } from '../../src/accounts/user.ts';
import type { Database } from '../../src/database.ts';
import { createKeyRing, type KeyRing } from '../../src/keys/keyRing.ts';
import { newId } from '../../src/platform/newId.ts';
import { createSealing } from '../../src/platform/sealing.ts';
import { createRefreshTokens } from '../../src/sessions/refreshToken.ts';
import { openEngine } from '../../src/storage/postgres/engine.ts';
import { createStorage } from '../../src/storage/postgres/storage.ts';
import { createAccessTokenIssuer } from '../../src/tokens/accessToken.ts';
import { aSession } from './aSession.ts';
import { password } from './authority.ts';
import type { Cluster } from './cluster.ts';
import { usualPolicy } from './signingKeys.ts';

export interface SeededSession {
  readonly id: string;
  readonly token: string;
  readonly refreshToken: string;
  /** Whose; the password is `password` of authority.ts. */
  readonly email: string;
}

const email = 'seeded@example.com';
const accessTtlMs = 15 * 60_000;
/** What a node of a test cluster says of itself. */
const about = { issuer: 'http://127.0.0.1:8080', audience: 'countersign', accessTtlMs };
/** Rows that are written at the same time. */
const atOnce = 50;

/** Of one user, or of users with `ofUser` each, one after the other. */
export function seedSessions(
  cluster: Cluster,
  count: number,
  ofUser?: number,
): Promise<readonly SeededSession[]> {
  return withSeeds(cluster, async ({ database, user: first, signer, tokens, refreshTokens }) => {
    /** The same password has the same hash: making each would take seconds. */
    const anotherUser = async (): Promise<User> => {
      const id = newId<UserId>(Date.now());
      const user = { ...first, id, email: `${id}@example.com` as Email };
      await database.users.create(user, Date.now());
      return user;
    };
    const users = await inParts(ofUser === undefined ? 1 : Math.ceil(count / ofUser), async () =>
      ofUser === undefined ? first : anotherUser(),
    );
    let seeded = 0;
    const seedOne = async (): Promise<SeededSession> => {
      const now = Date.now();
      const user = users[Math.floor(seeded++ / (ofUser ?? count))] ?? first;
      const begun = { ...aSession(now), userId: user.id, tokenVersion: user.tokenVersion };
      const session = { ...begun, sealedSecret: refreshTokens.newSealedSecret(begun.id) };
      await database.sessions.create({ ...session, accessExpiresAt: tokens.expiry(now) }, signer.kid);
      return {
        id: session.id,
        token: await tokens.issue(session, signer, now),
        refreshToken: refreshTokens.derive(session, 0),
        email: user.email,
      };
    };
    return inParts(count, seedOne);
  });
}

/** Access tokens of sessions that are in no database: for those who only check them. */
export function seedTokens(cluster: Cluster, count: number): Promise<readonly string[]> {
  return withSeeds(cluster, ({ user, signer, tokens }) =>
    inParts(count, async () => {
      const now = Date.now();
      return tokens.issue({ ...aSession(now), userId: user.id }, signer, now);
    }),
  );
}

interface Seeds {
  readonly database: Database;
  readonly user: User;
  readonly signer: ReturnType<KeyRing['signer']>;
  readonly tokens: ReturnType<typeof createAccessTokenIssuer>;
  readonly refreshTokens: ReturnType<typeof createRefreshTokens>;
}

async function withSeeds<T>(cluster: Cluster, use: (seeds: Seeds) => Promise<T>): Promise<T> {
  const { call } = cluster.nodes[0];
  await call('POST', '/auth/register', { body: { email, password } });
  const folder = await mkdtemp(join(tmpdir(), 'seeded-'));
  const engine = await openEngine(folder, cluster.postgres.url);
  try {
    const { database } = createStorage(engine);
    const user = await database.users.findByEmail(email as Email);
    if (user === undefined) throw new Error('the user was not registered');
    const clock = { now: Date.now, monotonic: () => 0 };
    const sealing = createSealing(Buffer.from(cluster.keyEncryptionKey, 'base64'));
    const keyRing = createKeyRing({ sealing, clock, policy: usualPolicy });
    keyRing.adopt((await database.signingKeys.load()).keys, { monotonic: 0, wall: Date.now() });
    const refreshTokens = createRefreshTokens(sealing);
    const tokens = createAccessTokenIssuer(about);
    return await use({ database, user, signer: keyRing.signer(), tokens, refreshTokens });
  } finally {
    await engine.close();
    await rm(folder, { recursive: true, force: true });
  }
}

async function inParts<T>(count: number, make: () => Promise<T>): Promise<readonly T[]> {
  const made: T[] = [];
  while (made.length < count) {
    const next = Array.from({ length: Math.min(atOnce, count - made.length) }, make);
    made.push(...(await Promise.all(next)));
  }
  return made;
}
