/** What those who have no credential, or do not finish what they say, can take of a node (row G13): little, and for a short time. */
import { once } from 'node:events';
import { type ClientHttp2Session, connect as connectHttp2 } from 'node:http2';
import { connect, type Socket } from 'node:net';
import type { SessionId } from '@countersign/verifier/ids';
import { newJti } from '@countersign/verifier/tokens/jti';
import t from 'tap';
import { newId } from '../../../src/platform/newId.ts';
import { grpcLimits } from '../../../src/transport/grpc/limits.ts';
import { startAuthority, type TestAuthority } from '../../support/authority.ts';
import { eventually } from '../../support/eventually.ts';
import { field, frame, openRaw, type RawAnswer, type RawRequest } from '../../support/rawGrpc.ts';

const tokens = '/countersign.v1.TokenService';
const [ok, deadlineExceeded, exhausted, unavailable, unauthenticated] = ['0', '4', '8', '14', '16'];
const jti = () => newJti(newId<SessionId>(Date.now()), Date.now(), 0);
const good = () => frame(field(1, Buffer.from(jti())));
/** Of the largest size, and its last byte never comes. */
const halfBatch = frame(Buffer.alloc(grpcLimits.grpcBatchBytes)).subarray(0, -1);
const halfSent: RawRequest = { path: `${tokens}/BatchIsRevoked`, body: halfBatch, unfinished: true };
const noCredential = { authorization: undefined };

async function isServed({ grpc }: TestAuthority): Promise<boolean> {
  return (await grpc.isRevoked(jti())).revoked === false;
}

/** How often there was each status; what was refused as a stream too many (RFC 9113 §8.7) was not begun. */
function countOf(answers: readonly RawAnswer[]): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const { status, reset } of answers) {
    const what = status === '' ? `reset ${reset}` : status;
    counts[what] = (counts[what] ?? 0) + 1;
  }
  return counts;
}

/** Waits until it knows how many streams it may open, as clients of gRPC do. */
async function openPatient(authority: TestAuthority, token: string) {
  const raw = openRaw(authority.grpcPort, token);
  await once(raw.session, 'remoteSettings');
  return raw;
}

t.test('one authority', async (t) => {
  const authority = await startAuthority();
  t.teardown(() => authority.stop());
  const { grpcPort, serviceToken } = authority;

  for (const [who, headers] of [
    ['no credential', noCredential],
    ['a made-up token', { authorization: `Bearer st_${'A'.repeat(43)}` }],
  ] as const)
    await t.test(`300 half-sent messages with ${who}: none is read, and all are over`, async (t) => {
      const raw = await openPatient(authority, '');
      t.teardown(() => raw.close());
      const before = process.memoryUsage().arrayBuffers;
      let most = 0;
      const sent = Array.from({ length: 300 }, async () => {
        const answer = await raw.send({ ...halfSent, headers });
        most = Math.max(most, process.memoryUsage().arrayBuffers - before);
        return answer;
      });
      t.strictSame(countOf(await Promise.all(sent)), { [unauthenticated]: 300 });
      t.ok(most < 100 * 1024 * 1024, `of 300 MB, at most ${most >> 20} MB were there, both sides together`);
      t.ok(await isServed(authority));
    });

  await t.test('300 half-sent messages of a service: there is memory for its share of them', async (t) => {
    const raw = await openPatient(authority, serviceToken);
    t.teardown(() => raw.close());
    t.match(await raw.send({ body: good() }), { status: ok });
    const share = Math.floor(grpcLimits.grpcServiceMessageBytes / (halfBatch.length + 1));
    const answers: RawAnswer[] = [];
    for (let sent = 0; sent < 300; sent += 1) void raw.send(halfSent).then((answer) => answers.push(answer));
    await eventually('those that are too many are refused', () => answers.length >= 300 - share);
    t.strictSame(countOf(answers), { [unavailable]: 300 - share });
    t.ok(await isServed(authority), 'small calls find room');
    await eventually('the others are over in time', () => answers.length === 300, 20_000);
    t.strictSame(countOf(answers), { [unavailable]: 300 - share, [deadlineExceeded]: share });
    t.match(await raw.send({ path: `${tokens}/BatchIsRevoked`, body: good() }), { status: ok });
  });

  const late: readonly (readonly [string, RawRequest])[] = [
    ['never sends a message', {}],
    ['sends the head of one', { body: Buffer.alloc(3) }],
    ['leaves out the last byte', { body: good().subarray(0, -1) }],
    ['sends it byte by byte, and stops', { body: good().subarray(0, 7) }],
    ['sends all of it, and does not say that this was all', { body: good() }],
    ['does so to health', { path: '/grpc.health.v1.Health/Check', headers: noCredential }],
  ];
  for (const [what, request] of late)
    await t.test(`a call that ${what} is over in the time of its method`, async (t) => {
      const raw = openRaw(grpcPort, serviceToken);
      t.teardown(() => raw.close());
      t.match(await raw.send({ ...request, unfinished: true }), { status: deadlineExceeded, reset: 0 });
    });

  await t.test('a length that the method does not allow is refused before anything of it came', async (t) => {
    for (const [path, longest] of [
      [`${tokens}/IsRevoked`, grpcLimits.grpcRequestBytes],
      [`${tokens}/BatchIsRevoked`, grpcLimits.grpcBatchBytes],
      ['/countersign.v1.RevocationService/Revoke', grpcLimits.grpcRequestBytes],
      ['/countersign.v1.RevocationService/WatchRevocations', grpcLimits.grpcRequestBytes],
      ['/grpc.health.v1.Health/Check', grpcLimits.grpcOpenRequestBytes],
    ] as const) {
      const raw = openRaw(grpcPort, serviceToken);
      const body = frame(Buffer.alloc(1), { length: longest + 1 });
      t.match(await raw.send({ path, body, unfinished: true }), { status: exhausted }, path);
      raw.close();
    }
  });

  await t.test('messages in pieces, and several in one, are read as they were sent', async (t) => {
    const raw = openRaw(grpcPort, serviceToken);
    t.teardown(() => raw.close());
    const [path, message] = [`${tokens}/IsRevoked`, good()];
    for (const cuts of [[1], [4], [5], [6], [message.length - 1], [1, 2, 3, 4, 5, 6, 7]]) {
      const stream = raw.session.request({
        ...{ ':method': 'POST', ':path': path, 'content-type': 'application/grpc', te: 'trailers' },
        authorization: `Bearer ${serviceToken}`,
      });
      const status = new Promise((resolve) => {
        const found = (headers: Record<string, unknown>) => {
          if (headers['grpc-status'] !== undefined) resolve(headers['grpc-status']);
        };
        stream.on('response', found).on('trailers', found);
      });
      stream.resume();
      let from = 0;
      for (const cut of [...cuts, message.length]) {
        // Each is sent by itself.
        await new Promise<unknown>((resolve) => void stream.write(message.subarray(from, cut), resolve));
        from = cut;
      }
      stream.end();
      t.equal(await status, ok, `cut at ${cuts.join(', ')}`);
    }
  });

  await t.test('a connection gets more streams when a call on it was authorised', async (t) => {
    const raw = await openPatient(authority, serviceToken);
    t.teardown(() => raw.close());
    const streams = () => raw.session.remoteSettings.maxConcurrentStreams;
    t.equal(streams(), grpcLimits.grpcStrangerStreams);
    await raw.send({ headers: noCredential, body: good() });
    await raw.send({ path: '/grpc.health.v1.Health/Check', body: frame(Buffer.alloc(0)) });
    t.equal(streams(), grpcLimits.grpcStrangerStreams, 'not by less');
    await raw.send({ body: good() });
    t.equal(streams(), grpcLimits.grpcStreamsPerConnection);
  });

  await t.test('whoever watches health gives way to others, and a check is always answered', async (t) => {
    const open = async () => {
      const raw = await openPatient(authority, '');
      t.teardown(() => raw.close());
      return raw;
    };
    const path = '/grpc.health.v1.Health/Watch';
    const over: RawAnswer[] = [];
    const watches = grpcLimits.grpcOpenCallsOfAddress + grpcLimits.grpcStrangerStreams;
    for (let opened = 0; opened < watches; opened += grpcLimits.grpcStrangerStreams) {
      const raw = await open();
      for (let stream = 0; stream < grpcLimits.grpcStrangerStreams; stream += 1)
        void raw
          .send({ path, headers: noCredential, body: frame(Buffer.alloc(0)) })
          .then((answer) => over.push(answer));
    }
    await eventually('the oldest are over', () => over.length === grpcLimits.grpcStrangerStreams);
    t.strictSame(countOf(over), { [unavailable]: grpcLimits.grpcStrangerStreams });
    const check = { path: '/grpc.health.v1.Health/Check', headers: noCredential };
    const ofService = await openPatient(authority, serviceToken);
    t.teardown(() => ofService.close());
    let ended = 0;
    void ofService.send({ path, body: frame(Buffer.alloc(0)) }).then(() => {
      ended += 1;
    });
    t.match(await ofService.send({ body: good() }), { status: ok });
    for (let opened = 0; opened < watches; opened += grpcLimits.grpcStrangerStreams) {
      const raw = await open();
      for (let stream = 0; stream < grpcLimits.grpcStrangerStreams; stream += 1)
        void raw.send({ path, headers: noCredential, body: frame(Buffer.alloc(0)) });
    }
    // Of those connections, it has heard.
    t.match(await (await open()).send({ ...check, body: frame(Buffer.alloc(0)) }), { status: ok });
    t.match(await ofService.send({ body: good() }), { status: ok });
    t.equal(ended, 0, 'whoever was authorised goes on watching');
  });
});

t.test('connections', async (t) => {
  const authority = await startAuthority();
  t.teardown(() => authority.stop());
  const { grpcPort } = authority;
  const isOpen = (socket: Socket | ClientHttp2Session) => !socket.destroyed;
  const openSilent = async (count: number) => {
    const sockets = Array.from({ length: count }, () => connect(grpcPort, '127.0.0.1').on('error', () => {}));
    t.teardown(() => sockets.forEach((socket) => void socket.destroy()));
    await Promise.all(sockets.map((socket) => once(socket, 'connect')));
    return sockets;
  };

  const service = await openPatient(authority, authority.serviceToken);
  t.match(await service.send({ body: good() }), { status: ok });
  const stranger = connectHttp2(`http://127.0.0.1:${grpcPort}`).on('error', () => {});
  await once(stranger, 'remoteSettings');
  await openSilent(2 * grpcLimits.grpcStrangersOfAddress);
  await eventually('the oldest of those who said nothing gave way', () => !isOpen(stranger));
  t.match(await service.send({ body: good() }), { status: ok }, 'who has proved who it is stays');

  // It comes while there are as many as there may be, and more come.
  const late = await openPatient(authority, authority.serviceToken);
  const [answer] = await Promise.all([late.send({ body: good() }), openSilent(50)]);
  t.match(answer, { status: ok }, 'a service that comes later finds a place');
  await openSilent(2 * grpcLimits.grpcStrangersOfAddress);
  t.match(await late.send({ body: good() }), { status: ok }, 'and keeps it');
  const { body } = await authority.operations('GET', '/metrics');
  t.match(String(body.text ?? body), /connections_dropped_total\{where="grpc",limit="address"\} [1-9]/);
  service.close();
  late.close();
});
