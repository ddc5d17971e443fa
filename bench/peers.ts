/** Other programs that answer "is this token still good?". They are installed here only: `bench/peers/package.json`. */
import { execFile } from 'node:child_process';
import { access } from 'node:fs/promises';
import { pathToFileURL } from 'node:url';
import { promisify } from 'node:util';
import { inCheckout } from '../test/support/checkout.ts';
import { startChild } from './load/child.ts';
import { type HttpRequest, openHttpLoad } from './load/httpLoad.ts';
import { measuredCore, pin } from './load/processes.ts';
import type { Loaded } from './measure.ts';

const folder = inCheckout('bench/peers/');
/** As h2load and gRPC clients: requests under way at once. */
const connections = 64;

export interface PeerServices {
  readonly databaseUrl: string;
  readonly redisUrl: string;
}

export interface Peer extends Loaded {
  stop(): void;
}

/** Once for each checkout. */
export async function installPeers(say: (line: string) => void): Promise<void> {
  const installed = inCheckout('bench/peers/node_modules/.package-lock.json');
  if (
    await access(installed).then(
      () => true,
      () => false,
    )
  )
    return;
  say('installing the peers (bench/peers)');
  try {
    await promisify(execFile)('npm', ['ci', '--prefer-offline', '--no-audit', '--no-fund'], { cwd: folder });
  } catch (cause) {
    throw new Error('The peers cannot be installed: run "npm ci" in bench/peers to see why.', { cause });
  }
}

/** `name`: the file in bench/peers. */
export async function startPeer(name: string, services: PeerServices): Promise<Peer> {
  const child = startChild(pathToFileURL(`${folder}${name}.mjs`), {
    env: {
      NODE_ENV: 'production',
      PEER_DATABASE_URL: services.databaseUrl,
      PEER_REDIS_URL: services.redisUrl,
    },
  });
  const { port, requests, contains } = await child.next<{
    port: number;
    requests: HttpRequest[];
    contains: string;
  }>();
  const { pid } = child;
  await pin(pid, measuredCore);
  let turn = 0;
  const load = openHttpLoad({
    ...{ port, connections },
    next: () => requests[turn++ % requests.length],
    onAnswer({ status, body }) {
      if (status !== 200 || !body.includes(contains)) throw new Error(`${name} answered ${status}: ${body}`);
    },
  });
  return {
    pid,
    run: load.run,
    stop() {
      load.close();
      child.kill();
    },
  };
}
