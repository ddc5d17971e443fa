/** Headers of a gRPC call as nghttp2, and so most clients, send them (RFC 7541): known by number from the second call on. */

export interface Http2Call {
  readonly port: number;
  readonly path: string;
  readonly serviceToken: string;
}

/** Numbers of the static table (RFC 7541, appendix A). */
const [authority, post, path, http, contentType, authorization] = [1, 3, 4, 6, 31, 23] as const;
/** The first of the dynamic table: the header that was added last. */
const newest = 62;
const [known, added, neverAdded] = [0x80, 0x40, 0x10] as const;

export function requestHeaders({ port, path: called, serviceToken }: Http2Call): {
  first: Buffer;
  later: Buffer;
} {
  const always = [Buffer.from([known | post, known | http])];
  // A secret never enters the table, so it is written each time.
  const secret = Buffer.concat([number(neverAdded, 4, authorization), text(`Bearer ${serviceToken}`)]);
  const first = [
    ...always,
    Buffer.concat([number(added, 6, path), text(called)]),
    Buffer.concat([number(added, 6, authority), text(`127.0.0.1:${port}`)]),
    Buffer.concat([number(added, 6, contentType), text('application/grpc')]),
    Buffer.concat([number(added, 6, 0), text('te'), text('trailers')]),
    Buffer.concat([number(added, 6, 0), text('user-agent'), text('grpc-node-js/1.14.7')]),
    secret,
  ];
  const later = [...always, ...[4, 3, 2, 1, 0].map((age) => Buffer.from([known | (newest + age)])), secret];
  return { first: Buffer.concat(first), later: Buffer.concat(later) };
}

/** RFC 7541 §5.1. */
function number(flags: number, bits: number, value: number): Buffer {
  const most = 2 ** bits - 1;
  if (value < most) return Buffer.from([flags | value]);
  const bytes = [flags | most];
  let rest = value - most;
  for (; rest > 127; rest >>>= 7) bytes.push((rest & 127) | 128);
  return Buffer.from([...bytes, rest]);
}

/** RFC 7541 §5.2, without Huffman. */
function text(value: string): Buffer {
  const bytes = Buffer.from(value);
  return Buffer.concat([number(0, 7, bytes.length), bytes]);
}
