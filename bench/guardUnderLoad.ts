/** What is left of a guard's checks while revocations arrive: real logouts, through the authority and its stream. */
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as wait } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import type { SeededSession } from '../test/support/seededSessions.ts';
import { openHttpLoad } from './load/httpLoad.ts';
import type { Say } from './main.ts';
import { atLeast, type Effort, median, perSecond, type Row } from './measure.ts';
import type { Verified } from './verifyingGuard.ts';
import type { WholeAuthority } from './wholeAuthority.ts';

const arriving = 1_000;
/** Fewer than this share of them, and the row says nothing: the machine is too slow, or busy. */
const leastArriving = 0.9;
const mostRounds = 4;
const connections = 32;
const tickMilliseconds = 5;

/** The sessions that it ends. */
export const logoutsOfRounds = ({ rounds, milliseconds }: Effort) =>
  Math.ceil(((Math.min(rounds, mostRounds) + 1) * milliseconds * arriving) / 1000);

export async function underLoadRow(
  authority: Pick<WholeAuthority, 'node' | 'cluster' | 'httpPort'>,
  { known, ending }: Readonly<Record<'known' | 'ending', readonly SeededSession[]>>,
  effort: Effort,
  say: Say,
): Promise<Row> {
  const { node, cluster, httpPort } = authority;
  const child = fork(fileURLToPath(new URL('verifyingGuard.js', import.meta.url)), { execArgv: [] });
  const logouts = openLogouts(httpPort, ending);
  try {
    const tokens = known.map(({ token }) => token);
    child.send({ authority: node.grpcAddress, serviceToken: cluster.serviceToken, tokens });
    await once(child, 'message');
    const verify = async (): Promise<Verified> => {
      child.send(effort.milliseconds);
      return ((await once(child, 'message')) as [Verified])[0];
    };
    say(`verifying while ${arriving} revocations/s arrive`);
    const rounds: { ratio: number; alone: number; busy: number; arrived: number }[] = [];
    for (let round = 0; round <= Math.min(effort.rounds, mostRounds); round += 1) {
      const alone = await verify();
      const [busy] = await Promise.all([verify(), logouts.run(effort.milliseconds)]);
      const arrived = ((busy.revocations - alone.revocations) / effort.milliseconds) * 1000;
      const [rateAlone, rateBusy] = [ofCore(alone), ofCore(busy)];
      // The first round warms up.
      if (round > 0) rounds.push({ ratio: rateBusy / rateAlone, alone: rateAlone, busy: rateBusy, arrived });
    }
    return rowOf(rounds);
  } finally {
    logouts.close();
    child.kill();
  }
}

/** By the CPU of the guard's process: the logouts themselves take turns with it on the core of the load. */
function ofCore({ count, cpuMicroseconds }: Verified): number {
  return (count / cpuMicroseconds) * 1_000_000;
}

function rowOf(rounds: readonly { ratio: number; alone: number; busy: number; arrived: number }[]): Row {
  const of = (name: 'ratio' | 'alone' | 'busy' | 'arrived') => rounds.map((round) => round[name]);
  const [ratio, arrived] = [median(of('ratio')), median(of('arrived'))];
  return {
    what: `guard.verify while ${arriving.toLocaleString('en')} revocations/s arrive, for each second of its CPU`,
    yardstick: `${perSecond(median(of('alone')))} (at rest)`,
    ours: `${perSecond(median(of('busy')))}, ${perSecond(arrived)} arrived`,
    ratio: ratio.toFixed(2),
    spread: `${Math.min(...of('ratio')).toFixed(2)}–${Math.max(...of('ratio')).toFixed(2)}`,
    reach: '≥ 0.8',
    verdict:
      arrived < leastArriving * arriving ? 'not measurable here: too few arrived' : atLeast(ratio, 0.8),
  };
}

/** Evenly: what is late at one tick is due at the next. */
function openLogouts(port: number, sessions: readonly SeededSession[]) {
  const left = [...sessions];
  let due = 0;
  const load = openHttpLoad({
    ...{ port, connections },
    next() {
      const session = due > 0 ? left.pop() : undefined;
      due -= 1;
      if (session === undefined) return undefined;
      const body = JSON.stringify({ refresh_token: session.refreshToken });
      return { method: 'POST', path: '/auth/logout', headers: { 'content-type': 'application/json' }, body };
    },
    onAnswer({ status, body }) {
      if (status !== 204) throw new Error(`logout answered ${status}: ${body}`);
    },
  });
  return {
    close: load.close,
    async run(milliseconds: number) {
      const [started, before] = [performance.now(), left.length];
      for (let passed = 0; passed < milliseconds; passed = performance.now() - started) {
        due = Math.round((passed / 1000) * arriving) - (before - left.length);
        await load.run(milliseconds);
        await wait(tickMilliseconds);
      }
    },
  };
}
