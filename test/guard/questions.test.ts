/** Questions of a guard about single tokens: where they go, and what one that fails does to the others. */

import { systemClock } from '@countersign/verifier/clock';
import { loadContract } from '@countersign/verifier/contract/contract';
import { createBloomFilter } from '@countersign/verifier/revocation/bloomFilter';
import { sliceEnd } from '@countersign/verifier/revocation/slicedFilter';
import { Server, ServerCredentials, type ServerUnaryCall, type sendUnaryData, status } from '@grpc/grpc-js';
import t, { type Test } from 'tap';
import type { Address } from '../../packages/guard/src/connection.ts';
import type { GuardFault } from '../../packages/guard/src/hooks.ts';
import { guardLimits } from '../../packages/guard/src/limits.ts';
import { createQuestions } from '../../packages/guard/src/questions.ts';
import { eventually } from '../support/eventually.ts';
import { freePort } from '../support/freePort.ts';
import { aGuard, aLeasedGuard, anAuthority, said, serviceToken } from '../support/guards.ts';
import { createManualClock } from '../support/manualClock.ts';
import { filterOf, serve, started, startScriptedAuthority } from '../support/scriptedAuthority.ts';
import { startTcpProxy } from '../support/tcpProxy.ts';

const contract = loadContract();
/** A filter that says "perhaps" of everything. */
const ones = new Uint8Array(createBloomFilter(4_096, 1e-4).bytes).fill(255);
type Answer = (error: status | undefined, answer: object) => void;

/** A node that answers when the test says so. */
async function aNode(t: Test, port = 0) {
  const asked = new Map<string, Answer>();
  const connections = new Set<string>();
  const server = new Server();
  server.addService(contract.v1.TokenService.service, {
    IsRevoked: () => {},
    BatchIsRevoked: () => {},
    BatchIntrospect: () => {},
    Introspect(call: ServerUnaryCall<{ token: string }, object>, callback: sendUnaryData<object>) {
      connections.add(call.getPeer());
      asked.set(call.request.token, (code, answer) =>
        code === undefined ? callback(null, answer) : callback({ code, details: 'as told' }),
      );
    },
  });
  const bound = await new Promise<number>((resolve, reject) => {
    server.bindAsync(`127.0.0.1:${port}`, ServerCredentials.createInsecure(), (error, bound) =>
      error === null ? resolve(bound) : reject(error),
    );
  });
  t.teardown(() => server.forceShutdown());
  const answer = async (token: string, code?: status, answer: object = { active: false }) =>
    (await eventually(`the question ${token}`, () => asked.get(token)))(code, answer);
  return { port: bound, asked, connections, answer, server };
}

function ask(
  t: Test,
  ports: readonly number[],
  { clock = systemClock, preferred = 0 }: { clock?: typeof systemClock; preferred?: number } = {},
) {
  const faults: Omit<GuardFault, 'at'>[] = [];
  const addresses: Address[] = ports.map((port) => ({
    host: '127.0.0.1',
    port,
    text: `127.0.0.1:${port}`,
  }));
  const questions = createQuestions({
    ...{ clock, contract, addresses, serviceToken, tls: undefined, random: () => 0.5 },
    preferred: () => addresses[preferred],
    onFault: (fault) => void faults.push(fault),
  });
  t.teardown(() => questions.close());
  const outcome = (token: string) =>
    questions.introspect(token).then(
      () => 'answered',
      (error) => error.status as string,
    );
  return { questions, faults, outcome };
}

const sockets = () => process.getActiveResourcesInfo().filter((what) => what === 'TCPSocketWrap').length;

t.test('a guard that is closed with a question under way leaves no socket', async (t) => {
  const before = sockets();
  const { authority, guard, stream } = await aLeasedGuard(t, { serving: { leaseMs: 300 } });
  stream.grant(0);
  await eventually('no lease', () => guard.state().status === 'no_lease');
  authority.mood.questions = 'silent';
  const outcome = said(guard, authority.forge.good);
  await eventually('a question', () => authority.asked.batch === 1);
  authority.mood.questions = 'well';
  await guard.close();
  t.match(await outcome, /^503 unavailable/);
  t.equal(authority.asked.batch, 1, 'it is not asked again');
  await eventually('no socket', () => sockets() === before);
});

t.test('a question that fails does not end the others of its connection', async (t) => {
  const node = await aNode(t);
  const { outcome } = ask(t, [node.port]);
  const slow = outcome('slow');
  await eventually('the question', () => node.asked.has('slow'));
  const failing = outcome('failing');
  await node.answer('failing', status.UNAVAILABLE);
  node.asked.delete('failing');
  await node.answer('failing', status.UNAVAILABLE);
  t.equal(await failing, 'UNAVAILABLE');
  await node.answer('slow');
  t.equal(await slow, 'answered');
  t.equal(node.connections.size, 1);
});

t.test('a node that says goodbye still answers what it was asked', async (t) => {
  const node = await aNode(t);
  const { outcome, faults } = ask(t, [node.port]);
  const before = outcome('before');
  await eventually('the question', () => node.asked.has('before'));
  node.server.tryShutdown(() => {});
  const refused = await eventually('that it takes no more', async () =>
    (await outcome('after')) === 'UNAVAILABLE' ? true : undefined,
  );
  t.ok(refused);
  const told = faults.length;
  await node.answer('before');
  t.equal(await before, 'answered');
  t.equal(faults.length, told);
});

t.test('a connection on which nothing is answered is given up for another one', async (t) => {
  const node = await aNode(t);
  const { outcome } = ask(t, [node.port]);
  const { questionsLateInARow: late, questionAttempts: attempts } = guardLimits;
  for (let question = 0; question * attempts < late; question += 1)
    t.equal(await outcome(`silent ${question}`), 'DEADLINE_EXCEEDED');
  const next = outcome('next');
  await node.answer('next');
  t.equal(await next, 'answered');
  t.equal(node.connections.size, 2);
});

t.test('a connection that takes long is finished, for the next question', async (t) => {
  const clock = createManualClock(0);
  const node = await aNode(t);
  const proxy = await startTcpProxy(node.port);
  t.teardown(() => proxy.close());
  proxy.cut('silent');
  const { outcome, faults } = ask(t, [proxy.port], { clock });
  const early = outcome('early');
  await clock.advance(2 * guardLimits.questionMilliseconds);
  t.equal(await early, 'DEADLINE_EXCEEDED');
  proxy.heal();
  const next = outcome('next');
  await node.answer('next');
  t.equal(await next, 'answered');
  t.equal(faults.length, 2);
  t.notOk(node.asked.has('early'), 'what nobody waits for is not asked');
});

t.test(
  'after a connection that failed, there is none for a moment, and questions fail at once',
  async (t) => {
    const clock = createManualClock(0);
    const port = await freePort();
    const { outcome, faults } = ask(t, [port], { clock });
    t.equal(await outcome('1'), 'UNAVAILABLE');
    const tried = faults.length;
    t.equal(tried, 1);
    for (let time = 0; time < 5; time += 1) t.equal(await outcome('2'), 'UNAVAILABLE');
    t.equal(faults.length, tried, 'nothing was tried');
    const node = await aNode(t, port);
    await clock.advance(guardLimits.questionRestMilliseconds);
    const answered = outcome('3');
    await node.answer('3');
    t.equal(await answered, 'answered');
  },
);

t.test('an answer that is longer than any can be is not read', async (t) => {
  const node = await aNode(t);
  const { outcome, faults } = ask(t, [node.port]);
  for (const [token, characters, said] of [
    ['long', guardLimits.answerBytes - 100, 'answered'],
    ['too long', guardLimits.answerBytes, undefined],
  ] as const) {
    const answered = outcome(token);
    await node.answer(token, undefined, { active: false, sub: 'x'.repeat(characters) });
    if (said === undefined) {
      node.asked.delete(token);
      await node.answer(token, undefined, { active: false, sub: 'x'.repeat(characters) });
    }
    t.equal(await answered, said);
  }
  t.strictSame(
    faults.map(({ kind }) => kind),
    ['protocol', 'protocol'],
  );
});

t.test('a network that is back is not rested from', async (t) => {
  const clock = createManualClock(Date.now());
  const authority = await anAuthority(t, clock.now());
  const proxy = await startTcpProxy(authority.port);
  t.teardown(() => proxy.close());
  proxy.cut('broken');
  const guard = aGuard(t, [{ address: `127.0.0.1:${proxy.port}` }], {}, { clock, random: () => 0 });
  await eventually('a stream that fails', () => guard.faults.length > 0);
  t.match(await said(guard, authority.forge.good), /^503 unavailable/);
  proxy.heal();
  await clock.advance(1);
  const stream = await authority.stream(0);
  serve(stream, authority, { filters: filterOf(true, sliceEnd(Date.now() + 60_000, started.sliceMs), ones) });
  await guard.ready();
  t.equal(await said(guard, authority.forge.good), 'accepted', 'a question is asked');
  t.equal(authority.asked.batch, 1);
});

t.test('the second attempt goes to another node than the first', async (t) => {
  for (const mood of ['down', 'failure', 'short'] as const) {
    const first = await anAuthority(t);
    const second = await startScriptedAuthority(Date.now(), 0, first.forge);
    t.teardown(() => second.stop());
    const guard = aGuard(t, [first, second]);
    const stream = await first.stream(0);
    serve(stream, first, { leaseMs: 300 });
    await guard.ready();
    stream.grant(0);
    await eventually('no lease', () => guard.state().status === 'no_lease');
    t.equal(guard.state().authority, first.address, 'which is preferred');
    first.mood.questions = mood;
    t.equal(await said(guard, first.forge.good), 'accepted', mood);
    t.strictSame([first.asked.batch, second.asked.batch], [1, 1]);
    await guard.close();
  }
});
