/** IsRevoked over gRPC, beside an empty handler in the same process. */
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import type { SessionId } from '@countersign/verifier/ids';
import { newJti } from '@countersign/verifier/tokens/jti';
import { newId } from '../src/platform/newId.ts';
import { createGrpcClient } from '../test/support/clients.ts';
import { pairedRates, perSecond, type Row, rate } from './measure.ts';

const newId36 = () => newJti(newId<SessionId>(Date.now()), Date.now(), 0);

export async function grpcRows(): Promise<readonly Row[]> {
  const server = fork(fileURLToPath(new URL('grpcServer.js', import.meta.url)), ['1000000']);
  try {
    const [ports] = (await once(server, 'message')) as [{ empty: number; ours: number; tokens: string[] }];
    const empty = createGrpcClient(`127.0.0.1:${ports.empty}`, 'st_bench');
    const ours = createGrpcClient(`127.0.0.1:${ports.ours}`, 'st_bench');
    const options = { concurrency: 64, milliseconds: 2_000 };
    const unary = await pairedRates(
      () => rate(() => empty.isRevoked(newId36()), options),
      () => rate(() => ours.isRevoked(newId36()), options),
    );
    let turn = 0;
    const nextToken = () => ports.tokens[turn++ % ports.tokens.length] ?? '';
    const seen = await pairedRates(
      () => rate(() => empty.introspect(nextToken()), options),
      () => rate(() => ours.introspect(nextToken()), options),
    );
    const thousand = Array.from({ length: 1_000 }, newId36);
    const batch = await rate(() => ours.batchIsRevoked(thousand), { concurrency: 4, milliseconds: 3_000 });
    empty.close();
    ours.close();
    return [
      {
        what: 'IsRevoked, 1 M revocations, one client',
        yardstick: `${perSecond(unary.yardstick)} (empty handler)`,
        ours: perSecond(unary.ours),
        ratio: unary.ratio.toFixed(2),
        reach: '≥ 0.90',
      },
      {
        what: 'Introspect, tokens seen before, 1 M revocations, one client',
        yardstick: `${perSecond(seen.yardstick)} (empty handler)`,
        ours: perSecond(seen.ours),
        ratio: seen.ratio.toFixed(2),
        reach: '≥ 0.70',
      },
      {
        what: 'BatchIsRevoked × 1000, checks',
        yardstick: `${perSecond(unary.ours)} (IsRevoked)`,
        ours: perSecond(batch * 1_000),
        ratio: ((batch * 1_000) / unary.ours).toFixed(1),
        reach: '≥ 30',
      },
    ];
  } finally {
    server.kill();
  }
}
