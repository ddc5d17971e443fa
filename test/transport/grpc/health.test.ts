/** Health: who asks before it calls is sent to nodes that can answer. */
import { once } from 'node:events';
import { serviceNames } from '@countersign/verifier/contract/contract';
import {
  type Client,
  credentials,
  makeGenericClientConstructor,
  Server,
  ServerCredentials,
  type ServiceError,
} from '@grpc/grpc-js';
import { HealthImplementation, service } from 'grpc-health-check';
import t from 'tap';
import { createHealth } from '../../../src/transport/grpc/health.ts';
import { grpcLimits } from '../../../src/transport/grpc/limits.ts';
import { transportLimits } from '../../../src/transport/limits.ts';
import { startAuthority } from '../../support/authority.ts';
import { eventually } from '../../support/eventually.ts';
import { createManualClock } from '../../support/manualClock.ts';

const HealthClient = makeGenericClientConstructor(service, 'Health');
const names = ['', ...serviceNames.map((name) => `countersign.v1.${name}`)];

type Check = (
  request: { service: string },
  done: (error: ServiceError | null, answer?: { status: string }) => void,
) => void;

/** What the health service says of each name. */
async function ask(client: Client): Promise<readonly string[]> {
  const check = (client as unknown as { check: Check }).check.bind(client);
  const one = (name: string) =>
    new Promise<string>((resolve, reject) => {
      check({ service: name }, (error, answer) => (error ? reject(error) : resolve(answer?.status ?? '')));
    });
  return [...new Set(await Promise.all(names.map(one)))];
}

t.test('it says whether the node can answer, of all together and of each service', async (t) => {
  const clock = createManualClock(0);
  let able = false;
  const server = new Server();
  const health = createHealth(server, { clock, canAnswer: () => able });
  const port = await new Promise<number>((resolve, reject) => {
    server.bindAsync('127.0.0.1:0', ServerCredentials.createInsecure(), (error, bound) =>
      error ? reject(error) : resolve(bound),
    );
  });
  const client = new HealthClient(`127.0.0.1:${port}`, credentials.createInsecure());
  t.teardown(() => {
    client.close();
    server.forceShutdown();
  });
  t.strictSame(await ask(client), ['NOT_SERVING'], 'before it listens');
  health.start();
  for (const [can, expected] of [
    [true, 'SERVING'],
    [false, 'NOT_SERVING'],
    [true, 'SERVING'],
  ] as const) {
    able = can;
    await clock.advance(grpcLimits.grpcHealthMilliseconds);
    t.strictSame(await ask(client), [expected], `can answer: ${can}`);
  }
  health.drain();
  t.strictSame(await ask(client), ['NOT_SERVING'], 'draining');
  await clock.advance(grpcLimits.grpcHealthMilliseconds);
  t.strictSame(await ask(client), ['NOT_SERVING'], 'for good');
});

t.test('who watches health does not hold up a node that stops', async (t) => {
  const authority = await startAuthority();
  const client = new HealthClient(`127.0.0.1:${authority.grpcPort}`, credentials.createInsecure());
  t.teardown(() => client.close());
  const { watch } = client as unknown as {
    watch(request: { service: string }): NodeJS.EventEmitter;
  };
  const said: string[] = [];
  const stream = watch.call(client, { service: '' });
  stream.on('data', ({ status }: { status: string }) => void said.push(status)).on('error', () => {});
  await eventually('it serves', () => said.at(-1) === 'SERVING');
  const began = performance.now();
  await authority.stop();
  t.ok(performance.now() - began < transportLimits.drainMilliseconds / 2, 'long before a drain is over');
  t.equal(said.at(-1), 'NOT_SERVING', 'and it was told');
});

t.test('whoever watches a made-up name is told that it is unknown, and leaves nothing behind', async (t) => {
  const { addToServer } = HealthImplementation.prototype;
  let watchers = new Map<string, Set<unknown>>();
  HealthImplementation.prototype.addToServer = function (server) {
    ({ watchers } = this as unknown as { watchers: typeof watchers });
    addToServer.call(this, server);
  };
  t.teardown(() => {
    HealthImplementation.prototype.addToServer = addToServer;
  });
  const authority = await startAuthority();
  t.teardown(() => authority.stop());
  const client = new HealthClient(`127.0.0.1:${authority.grpcPort}`, credentials.createInsecure());
  t.teardown(() => client.close());
  const { watch } = client as unknown as {
    watch(request: { service: string }): NodeJS.EventEmitter & { cancel(): void };
  };
  const firstSaid = async (service: string) => {
    const stream = watch.call(client, { service });
    stream.on('error', () => {});
    const [{ status }] = await once(stream, 'data');
    return { status, stream };
  };
  for (let number = 0; number < 10; number += 1) {
    const { status, stream } = await firstSaid(`made-up-${number}`);
    t.equal(status, 'SERVICE_UNKNOWN');
    stream.cancel();
  }
  const { status } = await firstSaid(names.at(-1) ?? '');
  t.equal(status, 'SERVING');
  t.strictSame([...watchers.keys()], [names.at(-1)]);
});
