import { importPublicJwk } from '@countersign/verifier/tokens/publicKey';
import type { SigningKeyState, SigningKeyStore, StoredRing, StoredSigningKey } from '../../keys/store.ts';
import type { Prisma, SigningKey as SigningKeyRow } from './generated/client.ts';
import type { PrismaConnection } from './transactions.ts';

/** Advisory lock number, unique in this database and combined with the schema: the bytes of "csg3". */
const ringLock = 0x63736733;

export function createSigningKeyStore(prisma: PrismaConnection): SigningKeyStore {
  const load = async (): Promise<StoredRing> => {
    // First: a key created in between must not be older than this time.
    const [clock] = await prisma.$queryRaw<{ now: Date }[]>`SELECT clock_timestamp() AS now`;
    if (clock === undefined) throw new Error('the database answered no time');
    const rows = await prisma.signingKey.findMany({
      where: { state: { in: ['next', 'active', 'retiring'] satisfies SigningKeyState[] } },
      orderBy: [{ createdAt: 'asc' }, { kid: 'asc' }],
    });
    return { keys: rows.map(fromRow), now: clock.now.getTime() };
  };

  return {
    load,

    async lock() {
      await prisma.$executeRaw`SELECT pg_advisory_xact_lock(${ringLock}::int, hashtext(current_schema()))`;
      return load();
    },

    async find(kid) {
      const row = await prisma.signingKey.findUnique({ where: { kid } });
      return row === null ? undefined : fromRow(row);
    },

    async list(limit) {
      const rows = await prisma.signingKey.findMany({
        orderBy: [{ createdAt: 'desc' }, { kid: 'asc' }],
        take: limit,
      });
      return rows.map(fromRow);
    },

    async save(key) {
      const { kid, ...data } = toRow(key);
      await prisma.signingKey.upsert({ where: { kid }, create: { kid, ...data }, update: data });
    },
  };
}

function toRow(key: StoredSigningKey): Prisma.SigningKeyCreateInput {
  return {
    ...key,
    publicJwk: { ...key.publicJwk },
    sealedPrivateKey: new Uint8Array(key.sealedPrivateKey),
    createdAt: new Date(key.createdAt),
    publishedAt: toDate(key.publishedAt),
    activatedAt: toDate(key.activatedAt),
    retiringAt: toDate(key.retiringAt),
    retiredAt: toDate(key.retiredAt),
    revokedAt: toDate(key.revokedAt),
  };
}

function fromRow(row: SigningKeyRow): StoredSigningKey {
  return {
    kid: row.kid,
    state: row.state as SigningKeyState,
    publicJwk: importPublicJwk(row.publicJwk),
    sealedPrivateKey: row.sealedPrivateKey,
    createdAt: row.createdAt.getTime(),
    publishedAt: row.publishedAt?.getTime(),
    activatedAt: row.activatedAt?.getTime(),
    retiringAt: row.retiringAt?.getTime(),
    retiredAt: row.retiredAt?.getTime(),
    revokedAt: row.revokedAt?.getTime(),
    tokenLifetimeMs: row.tokenLifetimeMs,
    cacheMs: row.cacheMs,
  };
}

function toDate(milliseconds: number | undefined): Date | null {
  return milliseconds === undefined ? null : new Date(milliseconds);
}
