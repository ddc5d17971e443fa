/** The long form: every fault in turn, each for longer, until the time is over. Prints a line for each run. */
import { type FaultCluster, runFault, startFaultCluster } from './faultRun.ts';
import { type Fault, faults } from './faults.ts';
import { brokenPromises, heading, row } from './report.ts';

const activeMilliseconds = 10_000;

export interface LongRun {
  readonly minutes: number;
  readonly nodes: number;
  /** Counts up the runs. */
  readonly counts: { passed: number; failed: number };
  readonly print: (line: string) => void;
}

/** Every fault has its turn, also when the time is too short for all. */
export async function runFaults({ minutes, nodes, counts, print }: LongRun): Promise<void> {
  const deadline = performance.now() + minutes * 60_000;
  let cluster = await startFaultCluster(nodes);
  print(heading());
  try {
    for (let round = 1; round === 1 || performance.now() < deadline; round += 1) {
      for (const [name, fault] of Object.entries(faults)) {
        if (round > 1 && performance.now() >= deadline) return;
        const broken = await runOne(cluster, name, fault, print);
        if (broken.length === 0) {
          counts.passed += 1;
          continue;
        }
        counts.failed += 1;
        for (const what of broken.slice(0, 20)) print(`  ${what}`);
        // What it has left behind is no fault of the next one.
        await cluster.stop();
        cluster = await startFaultCluster(nodes);
      }
    }
  } finally {
    await cluster.stop();
  }
}

async function runOne(cluster: FaultCluster, name: string, fault: Fault, print: (line: string) => void) {
  try {
    const result = await runFault(cluster, fault, activeMilliseconds);
    print(row(name, result));
    return brokenPromises(result);
  } catch (error) {
    print(name);
    return [`it could not be run to its end: ${(error as Error).message}`];
  }
}
