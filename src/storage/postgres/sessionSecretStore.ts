/** The sealed secrets of sessions. */
import type { SessionId } from '@countersign/verifier/ids';
import type { SessionStore } from '../../sessions/store.ts';
import { inRange, noCanary } from './sessionSelection.ts';
import type { PrismaConnection } from './transactions.ts';

type SessionSecretStore = Pick<SessionStore, 'listSealedOtherwise' | 'reseal' | 'replaceSecret'>;

export function createSessionSecretStore(prisma: PrismaConnection): SessionSecretStore {
  return {
    async listSealedOtherwise(header, range) {
      const rows = await prisma.$queryRaw<{ id: string; sealedSecret: Uint8Array }[]>`
        SELECT s.id, s.sealed_secret AS "sealedSecret" FROM sessions AS s
         WHERE ${inRange(range)} AND ${noCanary}
           AND substring(s.sealed_secret FROM 1 FOR ${header.length}::int) <> ${Buffer.from(header)}
         ORDER BY s.id`;
      return rows.map(({ id, sealedSecret }) => ({ id: id as SessionId, sealedSecret }));
    },

    async reseal({ id, sealedSecret }) {
      await prisma.session.update({ where: { id }, data: { sealedSecret: new Uint8Array(sealedSecret) } });
    },

    async replaceSecret({ id, sealedSecret }) {
      const generation = { increment: 1 };
      const data = {
        sealedSecret: new Uint8Array(sealedSecret),
        generation,
        rotatedAt: null,
        graceRepeats: 0,
      };
      await prisma.session.update({ where: { id }, data });
    },
  };
}
