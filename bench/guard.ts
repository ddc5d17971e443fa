/** The guard of the SDK in this process, beside a unary IsRevoked from this process: what a service pays for each check. */
import { verifierLimits } from '@countersign/verifier/limits';
import { createGuard } from '../packages/guard/src/index.ts';
import { createGrpcClient } from '../test/support/clients.ts';
import { seedTokens } from '../test/support/seededSessions.ts';
import { anId } from './checkLoad.ts';
import { endedInRounds, underLoadRow } from './guardUnderLoad.ts';
import type { Say } from './main.ts';
import {
  atLeast,
  atMost,
  type Effort,
  median,
  pairedRates,
  perSecond,
  type Row,
  rate,
  scaled,
} from './measure.ts';
import { startWhole, type WholeAuthority } from './wholeAuthority.ts';

const verifiedAtOnce = 10_000;
/** As many as a guard surely remembers when each is used in turn: half of its places (tokenMemory.ts). */
const knownTokens = verifierLimits.verifiedTokens / 2;

export async function guardRows(effort: Effort, say: Say): Promise<readonly Row[]> {
  const entries = scaled(1_000_000, effort);
  const authority = await startWhole({ ...endedInRounds(effort), revocations: entries }, say);
  const ending = authority.sessions;
  try {
    const known = await seedTokens(authority.cluster, knownTokens);
    return [
      ...(await verifyingRows(authority, { known, entries }, effort, say)),
      await underLoadRow(authority, { known, ending }, effort, say),
    ];
  } finally {
    await authority.stop();
  }
}

async function verifyingRows(
  { node, cluster }: WholeAuthority,
  { known, entries }: { readonly known: readonly string[]; readonly entries: number },
  effort: Effort,
  say: Say,
): Promise<readonly Row[]> {
  const { serviceToken } = cluster;
  const unary = createGrpcClient(node.grpcAddress, serviceToken);
  const started = performance.now();
  const guard = createGuard({ authority: node.grpcAddress, serviceToken, audience: 'countersign' });
  try {
    await guard.ready();
    const readyMs = performance.now() - started;
    for (const token of known) await guard.verify(token);
    let turn = 0;
    const checks = async () => {
      const rounds: number[] = [];
      for (let round = 0; round < 20; round += 1) {
        const start = performance.now();
        for (let count = 0; count < verifiedAtOnce; count += 1) {
          await guard.verify(known[turn++ % known.length] ?? '');
        }
        rounds.push((verifiedAtOnce / (performance.now() - start)) * 1000);
      }
      return median(rounds);
    };
    say('verifying');
    const rates = await pairedRates(
      () => rate(() => unary.isRevoked(anId()), { concurrency: 64, milliseconds: 1_000 }),
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
  }
}
