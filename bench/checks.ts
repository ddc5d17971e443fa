/** What a check costs the authority: beside an empty grpc-js handler, and beside other programs that answer the same question. */
import { field } from '../test/support/rawGrpc.ts';
import { anId, differentChecks } from './checkLoad.ts';
import { startChild } from './load/child.ts';
import { openHttp2Load } from './load/http2Load.ts';
import { measuredCore, pin } from './load/processes.ts';
import type { Say } from './main.ts';
import {
  atLeast,
  type Costs,
  costsOf,
  cpuRow,
  type Effort,
  type Loaded,
  median,
  micro,
  perSecond,
  type Row,
  scaled,
} from './measure.ts';
import { installPeers, startPeer } from './peers.ts';
import { databaseOfPeers, startWhole, type WholeAuthority } from './wholeAuthority.ts';

const differentTokens = 5_000;
const inBatch = 1_000;
/** As many bytes at once as a server takes. */
const fewBatches = { connections: 2, streams: 1 };
const path = (method: string) => `/countersign.v1.TokenService/${method}`;
const messageOf = (text: string) => field(1, Buffer.from(text));

const peers = [
  { name: 'oidcProvider', what: 'oidc-provider introspection', reach: 1 / 4 },
  { name: 'expressRecipe', what: 'Express, jsonwebtoken, Redis EXISTS', reach: 1 / 9 },
  { name: 'betterAuth', what: 'better-auth get-session', reach: 1 / 40 },
] as const;

export async function checkRows(effort: Effort, say: Say): Promise<readonly Row[]> {
  await installPeers(say);
  const revocations = scaled(1_000_000, effort);
  const authority = await startWhole(
    { sessions: effort.scale < 1 ? 1_000 : differentTokens, revocations },
    say,
  );
  const stops: (() => unknown)[] = [authority.stop];
  try {
    const loaded = await openLoads(authority, stops);
    const others = await openPeers(authority, stops, say);
    say('calling each in turn');
    const costs = await costsOf({ ...loaded, ...others }, effort);
    return rowsOf(costs, `${revocations / 1_000_000} M revocations`);
  } finally {
    for (const stop of stops.reverse()) await stop();
  }
}

async function openLoads({ node, cluster, sessions, grpcPort }: WholeAuthority, stops: (() => unknown)[]) {
  const empty = startChild(new URL('emptyServer.js', import.meta.url));
  stops.push(() => empty.kill());
  const emptyPort = await empty.next<number>();
  await pin(empty.pid, measuredCore);
  const { serviceToken } = cluster;
  const open = async (
    pid: number,
    port: number,
    method: string,
    messages: Buffer[],
    leastBytes: number,
  ): Promise<Loaded> => {
    const call = { port, serviceToken, path: path(method), messages, leastBytes };
    const load = await openHttp2Load(call, method.startsWith('Batch') ? fewBatches : undefined);
    stops.push(load.close);
    return { pid, run: load.run };
  };
  const ids = differentChecks();
  const tokens = sessions.map(({ token }) => messageOf(token));
  const batches = Array.from({ length: 20 }, () =>
    Buffer.concat(Array.from({ length: inBatch }, () => messageOf(anId()))),
  );
  return {
    empty: await open(empty.pid, emptyPort, 'IsRevoked', ids, 5),
    isRevoked: await open(node.pid, grpcPort, 'IsRevoked', ids, 7),
    introspect: await open(node.pid, grpcPort, 'Introspect', tokens, 150),
    batch: await open(node.pid, grpcPort, 'BatchIsRevoked', batches, 2 * inBatch),
  };
}

async function openPeers({ cluster }: WholeAuthority, stops: (() => unknown)[], say: Say) {
  const services = { databaseUrl: await databaseOfPeers(cluster.postgres.url), redisUrl: cluster.redis.url };
  const opened: Record<string, Loaded> = {};
  for (const { name, what } of peers) {
    say(`starting ${what}`);
    const peer = await startPeer(name, services);
    stops.push(peer.stop);
    opened[name] = peer;
  }
  return opened;
}

function rowsOf(costs: Readonly<Record<string, Costs>>, size: string): Row[] {
  const of = (name: string) => costs[name] as Costs;
  const empty = { ...of('empty'), name: 'empty grpc-js handler' };
  return [
    cpuRow(`IsRevoked, ${size}`, empty, of('isRevoked'), 1),
    cpuRow(`Introspect of a token seen before, ${size}`, empty, of('introspect'), 1.2),
    ...peers.map(({ name, what, reach }) =>
      cpuRow(
        `IsRevoked beside ${what}, which verifies the token, too`,
        { ...of(name), name: what },
        of('isRevoked'),
        reach,
      ),
    ),
    ...peers.map(({ name, what, reach }) =>
      cpuRow(`Introspect beside ${what}`, { ...of(name), name: what }, of('introspect'), reach),
    ),
    batchRow(of('isRevoked'), of('batch')),
  ];
}

/** Checks for the same CPU: rates depend on the load, which has more work with a batch than the server. */
function batchRow(unary: Costs, batch: Costs): Row {
  const ratios = unary.cpu.map((each, round) => (each * inBatch) / (batch.cpu[round] ?? Number.NaN));
  const [alone, many] = [median(unary.cpu), median(batch.cpu) / inBatch];
  return {
    what: `BatchIsRevoked × ${inBatch}, checks for the same CPU`,
    yardstick: `${perSecond(median(unary.rates))} (IsRevoked)`,
    ours: perSecond(median(batch.rates) * inBatch),
    cpu: `${micro(alone)} · ${micro(many)}`,
    ratio: (alone / many).toFixed(1),
    spread: `${Math.min(...ratios).toFixed(1)}–${Math.max(...ratios).toFixed(1)}`,
    reach: '≥ 30',
    verdict: atLeast(alone / many, 30),
  };
}
