/** The JWKS over HTTP, beside a bare Fastify route with the same text; each in a process of its own. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startServer } from '../test/support/server.ts';
import { startChild } from './load/child.ts';
import { openHttpLoad } from './load/httpLoad.ts';
import { measuredCore, pin } from './load/processes.ts';
import type { Say } from './main.ts';
import { costsOf, cpuRow, type Effort, type Row } from './measure.ts';

const path = '/.well-known/jwks.json';
const connections = 64;

export async function jwksRows(effort: Effort, say: Say): Promise<readonly Row[]> {
  const dataDir = await mkdtemp(join(tmpdir(), 'bench-'));
  const ours = await startServer(dataDir);
  const { body } = await ours.call('GET', path);
  const text = JSON.stringify(body);
  const bare = startChild(new URL('jwksServer.js', import.meta.url), { parameters: [text] });
  try {
    const barePort = await bare.next<number>();
    for (const pid of [bare.pid, ours.process.pid]) await pin(pid, measuredCore);
    say('calling both in turn');
    const loadOf = (pid: number, port: number) => {
      const onAnswer = ({ status }: { readonly status: number }) => {
        if (status !== 200) throw new Error(`the JWKS answered ${status}`);
      };
      return { pid, ...openHttpLoad({ port, connections, next: () => ({ method: 'GET', path }), onAnswer }) };
    };
    const loads = { bare: loadOf(bare.pid, barePort), ours: loadOf(ours.process.pid, ours.httpPort) };
    const costs = await costsOf(loads, effort);
    for (const load of Object.values(loads)) load.close();
    // Nine tenths of its rate.
    return [cpuRow('JWKS', { ...costs.bare, name: 'bare Fastify route' }, costs.ours, 1 / 0.9)];
  } finally {
    bare.kill();
    await ours.stop();
    await rm(dataDir, { recursive: true, force: true });
  }
}
