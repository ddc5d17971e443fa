/** The guard of the SDK in this process, beside a unary IsRevoked from this process: what a service pays for each check. */
import type { SessionId } from '@countersign/verifier/ids';
import { newJti } from '@countersign/verifier/tokens/jti';
import { createGuard } from '../packages/guard/src/index.ts';
import { newId } from '../src/platform/newId.ts';
import { createGrpcClient } from '../test/support/clients.ts';
import type { Say } from './main.ts';
import { atLeast, atMost, type Effort, median, pairedRates, perSecond, type Row, rate } from './measure.ts';
import { startWhole } from './wholeAuthority.ts';

const newId36 = () => newJti(newId<SessionId>(Date.now()), Date.now(), 0);
const verifiedAtOnce = 10_000;

export async function guardRows(effort: Effort, say: Say): Promise<readonly Row[]> {
  const entries = effort.quick ? 100_000 : 1_000_000;
  const { node, cluster, sessions, stop } = await startWhole({ sessions: 1_000, revocations: entries }, say);
  const { serviceToken } = cluster;
  const unary = createGrpcClient(node.grpcAddress, serviceToken);
  const started = performance.now();
  const guard = createGuard({ authority: node.grpcAddress, serviceToken, audience: 'countersign' });
  try {
    await guard.ready();
    const readyMs = performance.now() - started;
    for (const { token } of sessions) await guard.verify(token);
    let turn = 0;
    const checks = async () => {
      const rounds: number[] = [];
      for (let round = 0; round < 20; round += 1) {
        const start = performance.now();
        for (let count = 0; count < verifiedAtOnce; count += 1) {
          await guard.verify(sessions[turn++ % sessions.length]?.token ?? '');
        }
        rounds.push((verifiedAtOnce / (performance.now() - start)) * 1000);
      }
      return median(rounds);
    };
    say('verifying');
    const rates = await pairedRates(
      () => rate(() => unary.isRevoked(newId36()), { concurrency: 64, milliseconds: 1_000 }),
      checks,
      effort.rounds,
    );
    const bytes = guard.state().revocationBytes / entries;
    return [
      {
        what: `guard.verify of a known token, ${entries / 1_000_000} M revocations`,
        yardstick: `${perSecond(rates.yardstick)} (IsRevoked by grpc-js)`,
        ours: perSecond(rates.ours),
        ratio: rates.ratio.toFixed(0),
        spread: rates.spread,
        reach: '≥ 500',
        verdict: atLeast(rates.ratio, 500),
      },
      {
        what: 'memory of the mirror per revocation',
        yardstick: '2.4 bytes (bloom, 1e-4)',
        ours: `${bytes.toFixed(2)} bytes`,
        ratio: (bytes / 2.4).toFixed(2),
        reach: '≤ 3 bytes',
        verdict: atMost(bytes, 3),
      },
      {
        what: `a guard is ready, ${entries / 1_000_000} M revocations`,
        yardstick: '–',
        ours: `${readyMs.toFixed(0)} ms`,
        ratio: '–',
        reach: 'for information',
        verdict: '',
      },
    ];
  } finally {
    await guard.close();
    unary.close();
    await stop();
  }
}
