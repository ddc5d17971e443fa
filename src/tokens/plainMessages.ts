/**
 * The requests of IsRevoked and Introspect in the form in which clients write them: few fields, in order, of ASCII. The library's
 * decoder works by reflection, which costs more than a check. Anything else is `undefined` and left to it, so that the two cannot
 * disagree: unknown, repeated or empty fields, other wire types, other text.
 */
import { isAscii } from 'node:buffer';
import type { IntrospectRequest__Output } from '@countersign/verifier/contract/generated/countersign/v1/IntrospectRequest';
import type { IsRevokedRequest__Output } from '@countersign/verifier/contract/generated/countersign/v1/IsRevokedRequest';
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
