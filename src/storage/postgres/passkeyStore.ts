import type { FactorId, UserId } from '@countersign/verifier/ids';
import type { Passkey, PasskeyStore } from '../../login/passkeys/passkey.ts';
import type { Passkey as PasskeyRow } from './generated/client.ts';
import type { PrismaConnection } from './transactions.ts';

export function createPasskeyStore(prisma: PrismaConnection): PasskeyStore {
  return {
    async create({ credentialId, publicKey, counter, transports, createdAt, lastUsedAt, ...passkey }) {
      const { count } = await prisma.passkey.createMany({
        data: [
          {
            ...passkey,
            credentialId: new Uint8Array(credentialId),
            publicKey: new Uint8Array(publicKey),
            counter: BigInt(counter),
            transports: [...transports],
            createdAt: new Date(createdAt),
            lastUsedAt: lastUsedAt === undefined ? null : new Date(lastUsedAt),
          },
        ],
        skipDuplicates: true,
      });
      return count === 1 ? 'created' : 'taken';
    },

    async list(userId) {
      const rows = await prisma.passkey.findMany({ where: { userId }, orderBy: { id: 'asc' } });
      return rows.map(fromRow);
    },

    async findByCredential(credentialId) {
      const row = await prisma.passkey.findUnique({ where: { credentialId: new Uint8Array(credentialId) } });
      return row === null ? undefined : fromRow(row);
    },

    async use(id, { counter, backedUp }, now) {
      const [found] = await prisma.$queryRaw<{ used: boolean }[]>`
        WITH used AS (
          UPDATE passkeys SET counter = ${counter}::bigint, backed_up = ${backedUp}, last_used_at = ${new Date(now)}
           WHERE id = ${id}::uuid AND (counter < ${counter}::bigint OR (counter = 0 AND ${counter}::bigint = 0))
          RETURNING 1)
        SELECT EXISTS (SELECT 1 FROM used) AS used FROM passkeys WHERE id = ${id}::uuid`;
      if (found === undefined) return 'gone';
      return found.used ? 'used' : 'stepped_back';
    },

    async rename(userId, id, name) {
      const { count } = await prisma.passkey.updateMany({ where: { id, userId }, data: { name } });
      return count === 1;
    },

    async remove(userId, id) {
      const { count } = await prisma.passkey.deleteMany({ where: { id, userId } });
      return count === 1;
    },

    async forget(userId) {
      await prisma.passkey.deleteMany({ where: { userId } });
    },
  };
}

function fromRow(row: PasskeyRow): Passkey {
  return {
    id: row.id as FactorId,
    userId: row.userId as UserId,
    name: row.name,
    rpId: row.rpId,
    credentialId: row.credentialId,
    publicKey: row.publicKey,
    counter: Number(row.counter),
    transports: row.transports,
    aaguid: row.aaguid,
    deviceType: row.deviceType as Passkey['deviceType'],
    backedUp: row.backedUp,
    createdAt: row.createdAt.getTime(),
    lastUsedAt: row.lastUsedAt?.getTime(),
  };
}
