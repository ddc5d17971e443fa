/** Does a check cost more when more is revoked? An authority with 10 M live revocations beside one with a thousand. */
import { openChecks } from './checkLoad.ts';
import type { Say } from './main.ts';
import { costsOf, cpuRow, type Effort, type Row, scaled } from './measure.ts';
import { startWhole } from './wholeAuthority.ts';

const few = 1_000;
const many = 10_000_000;

export async function tenMillionRows(effort: Effort, say: Say): Promise<readonly Row[]> {
  const stops: (() => unknown)[] = [];
  const open = async (revocations: number) => {
    const whole = await startWhole({ sessions: 1, revocations }, say);
    stops.push(whole.stop);
    const load = await openChecks(whole);
    stops.push(load.close);
    return { pid: whole.node.pid, run: load.run };
  };
  try {
    const small = await open(few);
    const large = await open(scaled(many, effort));
    say('calling each in turn');
    const costs = await costsOf({ small, large }, effort);
    const what = `IsRevoked, ${scaled(many, effort) / 1_000_000} M revocations`;
    return [cpuRow(what, { ...costs.small, name: '1 k revocations' }, costs.large, 1.05)];
  } finally {
    for (const stop of stops.reverse()) await stop();
  }
}
