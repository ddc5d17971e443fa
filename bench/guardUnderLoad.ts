/**
 * What is left of a guard's checks while revocations arrive: real logouts, through the authority and its stream. One logout ends ten
 * sessions: otherwise the database and the load would use the core that is measured.
 */
import { setTimeout as wait } from 'node:timers/promises';
import type { ClusterNode } from '../test/support/cluster.ts';
import type { SeededSession } from '../test/support/seededSessions.ts';
import { startChild } from './load/child.ts';
import { openHttpLoad } from './load/httpLoad.ts';
import type { Say } from './main.ts';
import { atLeast, type Effort, median, perSecond, type Row } from './measure.ts';
import type { Verified } from './verifyingGuard.ts';
import type { WholeAuthority } from './wholeAuthority.ts';

const arriving = 1_000;
/** Fewer than this share of them, and the row says nothing: the machine is too slow, or busy. */
const leastArriving = 0.9;
const mostRounds = 4;
/** More than are under way at once, as each is sent at its own moment. */
const connections = 50;

/** How many sessions a user has. */
const ofUser = 10;
/** In a second. */
const logouts = arriving / ofUser;

/** The sessions that it ends. */
export const endedInRounds = ({ rounds, milliseconds }: Effort) => ({
  sessions: Math.ceil(((Math.min(rounds, mostRounds) + 1) * milliseconds * arriving) / 1000),
  ofUser,
});

export async function underLoadRow(
  authority: Pick<WholeAuthority, 'node' | 'cluster' | 'httpPort'>,
  { known, ending }: { readonly known: readonly string[]; readonly ending: readonly SeededSession[] },
  effort: Effort,
  say: Say,
): Promise<Row> {
  const { node, cluster, httpPort } = authority;
  const child = startChild(new URL('verifyingGuard.js', import.meta.url));
  const load = openLogouts(httpPort, ending);
  try {
    child.send({ authority: node.grpcAddress, serviceToken: cluster.serviceToken, tokens: known });
    await child.next();
    const verify = (): Promise<Verified> => {
      const verified = child.next<Verified>();
      child.send(effort.milliseconds);
      return verified;
    };
    say(`verifying while ${arriving} revocations/s arrive`);
    const rounds: Round[] = [];
    for (let round = 0; round <= Math.min(effort.rounds, mostRounds); round += 1) {
      const alone = await verify();
      const batchesBefore = await batchesOf(node);
      const [busy] = await Promise.all([verify(), load.run(effort.milliseconds)]);
      const arrived = ((busy.revocations - alone.revocations) / effort.milliseconds) * 1000;
      const batches = (((await batchesOf(node)) - batchesBefore) / effort.milliseconds) * 1000;
      const [rateAlone, rateBusy] = [ofCore(alone), ofCore(busy)];
      // The first round warms up.
      if (round === 0) continue;
      const { unanswered } = busy;
      rounds.push({
        ratio: rateBusy / rateAlone,
        alone: rateAlone,
        busy: rateBusy,
        arrived,
        batches,
        unanswered,
      });
    }
    return rowOf(rounds, known.length);
  } finally {
    load.close();
    child.kill();
  }
}

/** By the CPU of the guard's process: the logouts themselves take turns with it on the core of the load. */
function ofCore({ count, cpuMicroseconds }: Verified): number {
  return (count / cpuMicroseconds) * 1_000_000;
}

interface Round {
  readonly ratio: number;
  readonly alone: number;
  readonly busy: number;
  readonly arrived: number;
  readonly batches: number;
  readonly unanswered: number;
}

/** Sent to the guard so far: it is the only subscriber. */
async function batchesOf({ operations }: ClusterNode): Promise<number> {
  const { body } = await operations('GET', '/metrics');
  const counts = String(body).matchAll(/^countersign_effect_edges_total\{.*\} (\d+)/gm);
  return [...counts].reduce((sum, [, count]) => sum + Number(count), 0);
}

function rowOf(rounds: readonly Round[], known: number): Row {
  const of = (name: keyof Round) => rounds.map((round) => round[name]);
  const [ratio, arrived] = [median(of('ratio')), median(of('arrived'))];
  return {
    what: `guard.verify while ${arriving.toLocaleString('en')} revocations/s arrive, ${known.toLocaleString('en')} known tokens, for each second of its CPU`,
    yardstick: `${perSecond(median(of('alone')))} (at rest)`,
    ours: `${perSecond(median(of('busy')))}, ${perSecond(arrived)} arrived in ${perSecond(median(of('batches')))} batches, ${median(of('unanswered'))} unanswered in a round`,
    ratio: ratio.toFixed(2),
    spread: `${Math.min(...of('ratio')).toFixed(2)}–${Math.max(...of('ratio')).toFixed(2)}`,
    reach: '≥ 0.8',
    verdict:
      arrived < leastArriving * arriving ? 'not measurable here: too few arrived' : atLeast(ratio, 0.8),
  };
}

/** Each at its own moment, whatever becomes of the others; when all connections wait, later. */
function openLogouts(port: number, sessions: readonly SeededSession[]) {
  const left = sessions.filter((_, index) => index % ofUser === 0);
  let [began, sent, most] = [0, 0, 0];
  const load = openHttpLoad({
    ...{ port, connections },
    async next() {
      const number = sent++;
      const session = number < most ? left.pop() : undefined;
      if (session === undefined) return undefined;
      await wait(Math.max(0, began + (number * 1_000) / logouts - performance.now()));
      return {
        method: 'POST',
        path: '/auth/logout-all',
        headers: { authorization: `Bearer ${session.token}` },
      };
    },
    onAnswer({ status, body }) {
      if (status !== 204) throw new Error(`logout answered ${status}: ${body}`);
    },
  });
  return {
    close: load.close,
    run(milliseconds: number) {
      [began, sent, most] = [performance.now(), 0, Math.floor((milliseconds * logouts) / 1_000)];
      return load.run(milliseconds);
    },
  };
}
