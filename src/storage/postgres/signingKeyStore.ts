import { importPublicJwk } from '../../keys/signingKey.ts';
import type { SigningKeyState, SigningKeyStore, StoredSigningKey } from '../../keys/signingKeyStore.ts';
import type { SigningKey as SigningKeyRow } from './generated/client.ts';
import type { PrismaConnection } from './transactions.ts';

export function createSigningKeyStore(prisma: PrismaConnection): SigningKeyStore {
  return {
    async load() {
      const rows = await prisma.signingKey.findMany({
        where: { state: { in: ['next', 'active', 'retiring'] satisfies SigningKeyState[] } },
        orderBy: { createdAt: 'asc' },
      });
      return rows.map(fromRow);
    },

    async insert({ kid, state, publicJwk, sealedPrivateKey, createdAt, activatedAt }) {
      const { count } = await prisma.signingKey.createMany({
        data: [
          {
            kid,
            state,
            publicJwk: { ...publicJwk },
            sealedPrivateKey: new Uint8Array(sealedPrivateKey),
            createdAt: new Date(createdAt),
            activatedAt: activatedAt === undefined ? null : new Date(activatedAt),
          },
        ],
        skipDuplicates: true,
      });
      return count === 1;
    },
  };
}

function fromRow(row: SigningKeyRow): StoredSigningKey {
  return {
    kid: row.kid,
    state: row.state as SigningKeyState,
    publicJwk: importPublicJwk(row.publicJwk),
    sealedPrivateKey: row.sealedPrivateKey,
    createdAt: row.createdAt.getTime(),
    activatedAt: row.activatedAt?.getTime(),
  };
}
