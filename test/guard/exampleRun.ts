/** The example services beside real nodes: does one of them answer a token in the first request after its logout was answered? */
import { Agent } from 'node:http';
import { inCheckout } from '../support/checkout.ts';
import type { Cluster } from '../support/cluster.ts';
import { eventually } from '../support/eventually.ts';
import { statusOf } from '../support/httpStatus.ts';
import { createOrderServiceClient } from '../support/orderService.ts';
import { type StartedProcess, startProcess } from '../support/process.ts';
import { seedSessions } from '../support/seededSessions.ts';

export interface ExampleResult {
  readonly logouts: number;
  /** Of a service, before the logout and in the first request after it. */
  readonly wrong: readonly string[];
}

interface Example {
  /** As an HTTP status, also of gRPC. */
  ask(token: string): Promise<number>;
  stop(): Promise<void>;
}

const atOnce = 6;
const milliseconds = 10_000;

export async function runExamples(cluster: Cluster, logouts: number): Promise<ExampleResult> {
  const agent = new Agent({ keepAlive: true });
  const examples = await Promise.all([
    startHttpExample(cluster, 'fastify', agent),
    startHttpExample(cluster, 'express', agent),
    startGrpcExample(cluster),
  ]);
  const wrong: string[] = [];
  try {
    const sessions = await seedSessions(cluster, logouts);
    let next = 0;
    const worker = async () => {
      for (let index = next++; index < sessions.length; index = next++) {
        const token = sessions[index]?.token ?? '';
        const example = examples[index % examples.length] as Example;
        const node = cluster.nodes[index % cluster.nodes.length];
        const before = await example.ask(token);
        const answered = await statusOf({
          method: 'POST',
          url: `${node?.httpUrl}/auth/logout`,
          token,
          agent,
          milliseconds,
        });
        const after = await example.ask(token);
        if (before !== 200 || answered !== 204 || after !== 401) wrong.push(`${before} ${answered} ${after}`);
      }
    };
    await Promise.all(Array.from({ length: atOnce }, worker));
  } finally {
    await Promise.all(examples.map((example) => example.stop()));
    agent.destroy();
  }
  return { logouts, wrong };
}

async function startExample(
  { nodes, serviceToken }: Cluster,
  name: string,
): Promise<{ example: StartedProcess; address: string }> {
  const file = inCheckout(`examples/${name}.mjs`);
  const env = { AUTHORITY: nodes[0].grpcAddress, SERVICE_TOKEN: serviceToken, PORT: '0' };
  const example = startProcess(process.execPath, [file], { env });
  const [, address = ''] = await example.waitForOutput(/(\S*127\.0\.0\.1:\d+)/);
  return { example, address };
}

async function startHttpExample(cluster: Cluster, name: string, agent: Agent): Promise<Example> {
  const { example, address } = await startExample(cluster, name);
  const get = (path: string, token?: string) =>
    statusOf({
      method: 'GET',
      url: address + path,
      agent,
      milliseconds,
      ...(token === undefined ? {} : { token }),
    });
  await eventually(`${name} is ready`, async () => (await get('/ready')) === 200);
  return { ask: (token) => get('/orders', token), stop: () => example.stop() };
}

async function startGrpcExample(cluster: Cluster): Promise<Example> {
  const { example, address } = await startExample(cluster, 'grpc');
  const client = await createOrderServiceClient(address);
  await eventually('grpc is ready', client.isReady);
  return {
    async ask(token) {
      const answer = await client.call('ListOrders', token);
      if (answer === 'UNAUTHENTICATED') return 401;
      return typeof answer === 'object' ? 200 : 503;
    },
    async stop() {
      client.close();
      await example.stop();
    },
  };
}
