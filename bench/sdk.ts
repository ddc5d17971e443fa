/** The guard of the SDK in this process, beside a unary IsRevoked from this process: what a service pays for each check. */
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import type { SessionId } from '@countersign/verifier/ids';
import { newJti } from '@countersign/verifier/tokens/jti';
import { createGuard } from '../packages/guard/src/index.ts';
import { newId } from '../src/platform/newId.ts';
import { createGrpcClient } from '../test/support/clients.ts';
import { median, pairedRates, perSecond, type Row, rate } from './measure.ts';

const newId36 = () => newJti(newId<SessionId>(Date.now()), Date.now(), 0);
const entries = 1_000_000;
const verifiedAtOnce = 10_000;

export async function sdkRows(): Promise<readonly Row[]> {
  const server = fork(fileURLToPath(new URL('grpcServer.js', import.meta.url)), [String(entries)]);
  try {
    const [ports] = (await once(server, 'message')) as [{ ours: number; tokens: string[] }];
    const authority = `127.0.0.1:${ports.ours}`;
    const unary = createGrpcClient(authority, 'st_bench');
    const started = performance.now();
    const guard = createGuard({ authority, serviceToken: 'st_bench', audience: 'countersign' });
    await guard.ready();
    const readyMs = performance.now() - started;
    for (const token of ports.tokens) await guard.verify(token);
    let turn = 0;
    const checks = async () => {
      const rounds: number[] = [];
      for (let round = 0; round < 20; round += 1) {
        const start = performance.now();
        for (let count = 0; count < verifiedAtOnce; count += 1) {
          await guard.verify(ports.tokens[turn++ % ports.tokens.length] ?? '');
        }
        rounds.push((verifiedAtOnce / (performance.now() - start)) * 1000);
      }
      return median(rounds);
    };
    const rates = await pairedRates(
      () => rate(() => unary.isRevoked(newId36()), { concurrency: 64, milliseconds: 1_000 }),
      checks,
    );
    const state = guard.state();
    await guard.close();
    unary.close();
    return [
      {
        what: 'guard.verify of a known token, 1 M revocations',
        yardstick: `${perSecond(rates.yardstick)} (IsRevoked, unary)`,
        ours: perSecond(rates.ours),
        ratio: rates.ratio.toFixed(0),
        reach: '≥ 500',
      },
      {
        what: 'memory of the mirror per revocation, 1 M',
        yardstick: '2.4 bytes (bloom, 1e-4)',
        ours: `${(state.revocationBytes / entries).toFixed(2)} bytes`,
        ratio: (state.revocationBytes / entries / 2.4).toFixed(2),
        reach: '≤ 3 bytes',
      },
      {
        what: 'a guard is ready, 1 M revocations',
        yardstick: '–',
        ours: `${readyMs.toFixed(0)} ms`,
        ratio: '–',
        reach: 'for information',
      },
    ];
  } finally {
    server.kill();
  }
}
