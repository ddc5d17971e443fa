/**
 * The requests of IsRevoked, BatchIsRevoked and Introspect in the form in which clients write them: few fields, in order, of ASCII.
 * The library's decoder works by reflection, which costs more than a check. Anything else is `undefined` and left to it, so that the
 * two cannot disagree: unknown, repeated or empty fields, other wire types, other text. The results of a batch are joined from
 * verdicts that the library has encoded.
 */
import { isAscii } from 'node:buffer';
import type { BatchIsRevokedRequest__Output } from '@countersign/verifier/contract/generated/countersign/v1/BatchIsRevokedRequest';
import type { BatchIsRevokedResponse } from '@countersign/verifier/contract/generated/countersign/v1/BatchIsRevokedResponse';
import type { IntrospectRequest__Output } from '@countersign/verifier/contract/generated/countersign/v1/IntrospectRequest';
import type { IsRevokedRequest__Output } from '@countersign/verifier/contract/generated/countersign/v1/IsRevokedRequest';
import type { IsRevokedResponse } from '@countersign/verifier/contract/generated/countersign/v1/IsRevokedResponse';
import { jtiCharacters } from '@countersign/verifier/tokens/jti';

/** Field number and wire type 2, "length-delimited" (Protocol Buffers, "Encoding"). */
const [first, third] = [0x0a, 0x1a] as const;
const kidCharacters = 43;
const fieldHeadBytes = 2;
const jtiEnd = fieldHeadBytes + jtiCharacters;
const kidEnd = jtiEnd + fieldHeadBytes + kidCharacters;

const none = Buffer.alloc(0);

/** A `jti`, or a `jti` and a `kid`. */
export function readIsRevoked(bytes: Buffer): IsRevokedRequest__Output | undefined {
  if (bytes[0] !== first || bytes[1] !== jtiCharacters || !isAscii(bytes)) return undefined;
  const jti = bytes.toString('latin1', fieldHeadBytes, jtiEnd);
  if (bytes.length === jtiEnd) return { jti, kid: '', externalId: '', subject: none };
  if (bytes.length !== kidEnd || bytes[jtiEnd] !== third || bytes[jtiEnd + 1] !== kidCharacters)
    return undefined;
  return {
    jti,
    kid: bytes.toString('latin1', jtiEnd + fieldHeadBytes, kidEnd),
    externalId: '',
    subject: none,
  };
}

/** A token of 128 to 16,383 characters: a length of two bytes. */
export function readIntrospect(bytes: Buffer): IntrospectRequest__Output | undefined {
  const [tag, low = 0, high = 0] = bytes;
  const start = 3;
  if (tag !== first || low < 0x80 || high === 0 || high >= 0x80) return undefined;
  if (bytes.length - start !== (low & 0x7f) + high * 0x80 || !isAscii(bytes.subarray(start)))
    return undefined;
  return { token: bytes.toString('latin1', start) };
}

/** One or more `jtis`. */
export function readBatchIsRevoked(bytes: Buffer): BatchIsRevokedRequest__Output | undefined {
  const count = bytes.length / jtiEnd;
  if (count === 0 || !Number.isInteger(count) || !isAscii(bytes)) return undefined;
  const text = bytes.toString('latin1');
  const jtis: string[] = [];
  for (let at = 0; at < bytes.length; at += jtiEnd) {
    if (bytes[at] !== first || bytes[at + 1] !== jtiCharacters) return undefined;
    jtis.push(text.slice(at + fieldHeadBytes, at + jtiEnd));
  }
  return { jtis, checks: [] };
}

/** `writeOne` is asked once for each object: what answers often is the same object each time, and is not changed. */
export function createWriteResults(writeOne: (result: IsRevokedResponse) => Buffer) {
  const known = new WeakMap<IsRevokedResponse, Buffer>();
  const writeField = (result: IsRevokedResponse): Buffer => {
    const message = writeOne(result);
    const field = Buffer.concat([Buffer.from([first, ...varint(message.length)]), message]);
    known.set(result, field);
    return field;
  };
  return ({ results = [] }: BatchIsRevokedResponse): Buffer =>
    Buffer.concat(results.map((result) => known.get(result) ?? writeField(result)));
}

/** Protocol Buffers, "Base 128 Varints": seven bits in each byte, the lowest first. */
function varint(value: number): readonly number[] {
  return value < 0x80 ? [value] : [(value & 0x7f) | 0x80, ...varint(value >>> 7)];
}
