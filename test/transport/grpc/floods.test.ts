/** Floods of HTTP/2 frames by somebody who has no token (row H12): that connection ends soon, and nobody else notices. */
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import type { SessionId } from '@countersign/verifier/ids';
import { newJti } from '@countersign/verifier/tokens/jti';
import t from 'tap';
import { newId } from '../../../src/platform/newId.ts';
import { startAuthority } from '../../support/authority.ts';

const preface = Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n');
/** Types of frames, RFC 9113 §6. */
const [headers, reset, settings, ping, goaway, continuation] = [0x1, 0x3, 0x4, 0x6, 0x7, 0x9];
const endOfHeaders = 0x4;
/** What one connection may send before it is closed. Each flood would go on for ten times as long. */
const mostBytes = 1024 * 1024;
const jti = newJti(newId<SessionId>(Date.now()), Date.now(), 0);

function frame(type: number, stream: number, payload: Buffer = Buffer.alloc(0), flags = 0): Buffer {
  const head = Buffer.alloc(9);
  head.writeUIntBE(payload.length, 0, 3);
  head.writeUInt8(type, 3);
  head.writeUInt8(flags, 4);
  head.writeUInt32BE(stream, 5);
  return Buffer.concat([head, payload]);
}

/** A header that is not indexed, RFC 7541 §6.2.2: its name and value as they are. */
function header(name: string, value: string): Buffer {
  const text = (part: string) => Buffer.concat([Buffer.from([part.length]), Buffer.from(part)]);
  return Buffer.concat([Buffer.from([0]), text(name), text(value)]);
}

/** One header of 4 KB, put into the table; then a reference of one byte to it, again and again. */
function bomb(): Buffer {
  const value = Buffer.alloc(4_000, 'x');
  // A length of more than 126 is 127, then the rest in groups of seven bits.
  const rest = value.length - 127;
  const long = Buffer.from([127, (rest & 127) | 128, rest >>> 7]);
  const stored = Buffer.concat([Buffer.from([0x40, 1]), Buffer.from('x'), long, value]);
  return Buffer.concat([stored, Buffer.alloc(12_000, 0x80 | 62)]);
}

const request = [
  header(':method', 'POST'),
  header(':scheme', 'http'),
  header(':path', '/countersign.v1.TokenService/IsRevoked'),
];
const begun = frame(headers, 1, Buffer.concat(request));
const thousand = (one: Buffer) => Buffer.concat(Array.from({ length: 1_000 }, () => one));

interface Flood {
  readonly first?: Buffer;
  readonly again: Buffer;
  readonly reads: boolean;
}

/** What comes first, and what comes again and again. Who reads no answers lets them pile up. */
const floods: Readonly<Record<string, Flood>> = {
  'pieces of a header that never ends': {
    first: begun,
    again: thousand(frame(continuation, 1)),
    reads: true,
  },
  'settings, and no look at the answers': { again: thousand(frame(settings, 0)), reads: false },
  'pings, and no look at the answers': { again: thousand(frame(ping, 0, Buffer.alloc(8))), reads: false },
};

t.test('floods of frames', async (t) => {
  const authority = await startAuthority();
  t.teardown(() => authority.stop());
  const open = async () => {
    const socket = connect(authority.grpcPort, '127.0.0.1');
    socket.on('error', () => {});
    await once(socket, 'connect');
    socket.write(Buffer.concat([preface, frame(settings, 0)]));
    return socket;
  };
  const isServed = async () => (await authority.grpc.isRevoked(jti)).revoked === false;

  for (const [what, { first, again, reads }] of Object.entries(floods))
    await t.test(what, async (t) => {
      const socket = await open();
      if (reads) socket.resume();
      if (first !== undefined) socket.write(first);
      let sent = 0;
      while (!socket.destroyed && sent < 10 * mostBytes) {
        sent += again.length;
        if (!socket.write(again)) await drained(socket);
        await new Promise((resolve) => setImmediate(resolve));
      }
      t.ok(socket.destroyed && sent <= mostBytes, `closed after ${sent} bytes`);
      t.ok(await isServed());
    });

  await t.test('a header that unpacks to 48 MB is refused', async (t) => {
    const socket = await open();
    const answers: Buffer[] = [];
    const refused = new Promise((resolve) => {
      socket.on('data', (some) => {
        answers.push(some);
        if (framesOf(Buffer.concat(answers)).some(({ type }) => type === reset || type === goaway))
          resolve('refused');
      });
      socket.on('close', () => resolve('closed'));
    });
    socket.write(frame(headers, 1, bomb(), endOfHeaders));
    t.ok(await refused);
    t.ok(await isServed());
    socket.destroy();
  });
});

function drained(socket: Socket): Promise<void> {
  return new Promise((resolve) => {
    socket.once('drain', resolve).once('close', resolve);
  });
}

function framesOf(bytes: Buffer): readonly { readonly type: number }[] {
  const frames = [];
  for (let at = 0; at + 9 <= bytes.length; at += 9 + bytes.readUIntBE(at, 3))
    frames.push({ type: bytes.readUInt8(at + 3) });
  return frames;
}
