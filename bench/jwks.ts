/** The JWKS over HTTP, beside a bare Fastify route with the same text; each in a process of its own. */
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { Agent, get } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { startServer } from '../test/support/server.ts';
import { pairedRates, perSecond, type Row, rate } from './measure.ts';

export async function jwksRows(): Promise<readonly Row[]> {
  const dataDir = await mkdtemp(join(tmpdir(), 'bench-'));
  const ours = await startServer(dataDir);
  const { body } = await ours.call('GET', '/.well-known/jwks.json');
  const bare = fork(fileURLToPath(new URL('jwksServer.js', import.meta.url)), [JSON.stringify(body)]);
  const agent = new Agent({ keepAlive: true, maxSockets: 64 });
  try {
    const [barePort] = (await once(bare, 'message')) as [number];
    const options = { concurrency: 64, milliseconds: 2_000 };
    const rates = await pairedRates(
      () => rate(() => fetched(agent, barePort), options),
      () => rate(() => fetched(agent, ours.httpPort), options),
    );
    return [
      {
        what: 'JWKS, one client',
        yardstick: `${perSecond(rates.yardstick)} (bare Fastify route)`,
        ours: perSecond(rates.ours),
        ratio: rates.ratio.toFixed(2),
        reach: '≥ 0.9',
      },
    ];
  } finally {
    agent.destroy();
    bare.kill();
    await ours.stop();
    await rm(dataDir, { recursive: true, force: true });
  }
}

function fetched(agent: Agent, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    get({ agent, port, host: '127.0.0.1', path: '/.well-known/jwks.json' }, (response) => {
      if (response.statusCode !== 200) reject(new Error(`${response.statusCode}`));
      response.resume().on('end', resolve);
    }).on('error', reject);
  });
}
