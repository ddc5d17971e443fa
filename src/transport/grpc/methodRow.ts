/** What the transport must know of a method. Each slice names its own in its `grpc.ts`; a method without a row is denied to everybody. */

import type { Permission } from '../../services/service.ts';
import { grpcLimits } from './limits.ts';

export interface MethodRow {
  /** `by_request`: the operation asks for it once it knows the request. */
  readonly permission: Permission | 'by_request';
  /** The caller's longest message. */
  readonly requestBytes: number;
  /** Time limit for a caller without a shorter deadline. */
  readonly milliseconds: number;
  /**
   * `ends`: something has ended, with effect, when it is answered. Absent: it only reads. A user needs a recent proof and a reason
   * for either (`transport/api/callers.ts`).
   */
  readonly act?: 'changes' | 'ends';
}

export type Methods = Readonly<Record<string, MethodRow>>;

/** Throws without a row: such a method is not served. */
export function rowOf(methods: Methods, name: string): MethodRow {
  const row = methods[name];
  if (row === undefined) throw new Error(`${name} has no row among the methods of its slice`);
  return row;
}

const { grpcRequestBytes: requestBytes } = grpcLimits;

/** Limits by kind of method. */
export const check = { requestBytes, milliseconds: grpcLimits.grpcCheckMilliseconds };
export const change = { requestBytes, milliseconds: grpcLimits.grpcChangeMilliseconds };
export const batch = {
  requestBytes: grpcLimits.grpcBatchBytes,
  milliseconds: grpcLimits.grpcBatchMilliseconds,
};
/** Reads many rows. */
export const search = { requestBytes, milliseconds: grpcLimits.grpcSearchMilliseconds };
/** The row of a method that changes something. */
export const changes = { ...change, act: 'changes' } as const;
/** The row of a method that ends something with effect. */
export const ends = { ...change, act: 'ends' } as const;
/** Ends only when one side ends it; its messages are as small as a request. */
export const endless = { requestBytes, milliseconds: Number.POSITIVE_INFINITY };
