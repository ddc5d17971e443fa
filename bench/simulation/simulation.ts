/**
 * One logout until every guard knows, in a deployment that no machine here can hold: 30 nodes and 10,000 guards of the real modules,
 * simulated machines and links. And what guards cost their node.
 */
import type { Say } from '../main.ts';
import { atMost, type Effort, median, type Row } from '../measure.ts';
import { type Fleet, startFleet } from './fleet.ts';

const [nodes, fewGuards, manyGuards] = [30, 1_000, 10_000];
/** An assumption, which nothing here measures: a stream of grpc-js carries 55,000 messages a second on one core. */
const messageMs = 0.018;
/** Slow: another zone or a busy machine of the same region, for which the limit is meant; very slow: another part of the world. */
const [linkMs, slowMs, verySlowMs, slowShare] = [1, 10, 50, 0.05];
const mostLogouts = 200;
/** A logout of 10,000 guards takes some seconds of this processor. */
const [fewSeconds, manySeconds, slowerSeconds] = [10, 40, 20];
/** Below this number, the longest says more than a 99th percentile. */
const leastForP99 = 100;
const reachMs = 100;
const restMs = 2_000;

export async function simulationRows({ scale }: Effort, say: Say): Promise<readonly Row[]> {
  const fleet = await startFleet({ nodes, linkMs, slowShare, messageMs });
  const take = async (seconds: number) => {
    say(`logouts for ${seconds * scale} s`);
    const until = performance.now() + seconds * scale * 1_000;
    const took: number[] = [];
    while (took.length === 0 || (performance.now() < until && took.length < mostLogouts))
      took.push(await fleet.logout());
    return took.toSorted((one, other) => one - other);
  };
  const add = async (guards: number) => {
    say(`starting ${guards} guards`);
    await fleet.addGuards(guards);
  };
  await add(fewGuards);
  const few = await workOf(fleet, () => take(fewSeconds));
  await add(manyGuards - fewGuards);
  fleet.slowDown(slowMs);
  const many = await workOf(fleet, () => take(manySeconds));
  fleet.slowDown(verySlowMs);
  const slower = await take(slowerSeconds);
  return [
    effectRow(slowMs, many.took, reachMs),
    effectRow(verySlowMs, slower, undefined),
    workRow('for one logout', few.ofLogout, many.ofLogout),
    workRow('in a second at rest', few.ofSecond, many.ofSecond),
  ];
}

interface Work {
  readonly took: readonly number[];
  /** Messages between one node and its guards. */
  readonly ofLogout: number;
  readonly ofSecond: number;
}

async function workOf(fleet: Fleet, take: () => Promise<readonly number[]>): Promise<Work> {
  const beforeRest = fleet.messages();
  await fleet.pass(restMs);
  const ofMillisecond = (fleet.messages() - beforeRest) / restMs;
  const [before, began] = [fleet.messages(), fleet.now()];
  const took = await take();
  const ofLogouts = fleet.messages() - before - ofMillisecond * (fleet.now() - began);
  return { took, ofLogout: ofLogouts / took.length / nodes, ofSecond: (ofMillisecond * 1_000) / nodes };
}

function effectRow(slow: number, took: readonly number[], reach: number | undefined): Row {
  const isP99 = took.length >= leastForP99;
  const ours = (isP99 ? took[Math.floor(took.length * 0.99)] : took.at(-1)) ?? Number.NaN;
  const where = `${nodes} nodes and ${manyGuards.toLocaleString('en')} guards`;
  const links = `links of ${linkMs} ms, ${slowShare * 100} % of them of ${slow} ms`;
  return {
    what: `simulated: logout → in effect on ${where}, ${links}, ${isP99 ? 'p99' : 'the longest'} of ${took.length}`,
    yardstick: `${median(took).toFixed(0)} ms (p50)`,
    ours: `${ours.toFixed(0)} ms`,
    ratio: (ours / median(took)).toFixed(1),
    reach: reach === undefined ? 'for information' : `≤ ${reach} ms`,
    verdict: reach === undefined ? '' : atMost(ours, reach),
  };
}

function workRow(what: string, few: number, many: number): Row {
  const guardsOfNode = (all: number) => Math.round(all / nodes);
  return {
    what: `simulated: messages of a node ${what}, ${guardsOfNode(manyGuards)} guards on it`,
    yardstick: `${few.toFixed(0)} (${guardsOfNode(fewGuards)} guards)`,
    ours: `${many.toFixed(0)}, ${(many * messageMs).toFixed(1)} ms of a core, if a message takes ${messageMs} ms`,
    ratio: (many / few).toFixed(1),
    reach: 'for information',
    verdict: '',
  };
}
