/** Memory of an authority that has nothing to do. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startCluster } from '../test/support/cluster.ts';
import { startServer } from '../test/support/server.ts';
import { durable } from './durable.ts';
import { residentMegabytes } from './load/processes.ts';
import type { Say } from './main.ts';
import { atMost, type Effort, type Row } from './measure.ts';

/** A process gives back what its start took. */
const idleMilliseconds = 30_000;

export async function memoryRows(_effort: Effort, say: Say): Promise<readonly Row[]> {
  const cluster = await startCluster(1, {}, { direct: true, database: durable });
  const dataDir = await mkdtemp(join(tmpdir(), 'bench-'));
  const embedded = await startServer(dataDir);
  try {
    say(`waiting ${idleMilliseconds / 1000} s`);
    await new Promise((resolve) => setTimeout(resolve, idleMilliseconds));
    return [
      row('server mode', residentMegabytes(cluster.nodes[0].pid), 150),
      row('embedded', residentMegabytes(embedded.process.pid), 350),
    ];
  } finally {
    await embedded.stop();
    await rm(dataDir, { recursive: true, force: true });
    await cluster.stop();
  }
}

function row(mode: string, megabytes: number, reach: number): Row {
  return {
    what: `resident memory idle, ${mode}`,
    yardstick: '–',
    ours: `${megabytes.toFixed(0)} MB`,
    ratio: (megabytes / reach).toFixed(2),
    reach: `≤ ${reach} MB`,
    verdict: atMost(megabytes, reach),
  };
}
