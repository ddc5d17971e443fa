/** A failed call to the authority: a gRPC status or its equivalent. */
import { guardLimits } from './limits.ts';

/** Indexed by status number. */
const statusNames = [
  ...([
    'OK',
    'CANCELLED',
    'UNKNOWN',
    'INVALID_ARGUMENT',
    'DEADLINE_EXCEEDED',
    'NOT_FOUND',
    'ALREADY_EXISTS',
  ] as const),
  ...(['PERMISSION_DENIED', 'RESOURCE_EXHAUSTED', 'FAILED_PRECONDITION', 'ABORTED', 'OUT_OF_RANGE'] as const),
  ...(['UNIMPLEMENTED', 'INTERNAL', 'UNAVAILABLE', 'DATA_LOSS', 'UNAUTHENTICATED'] as const),
] as const;

export type StatusName = (typeof statusNames)[number];

/** Statuses that only an operator can fix; another node would answer the same. */
export const refusals: readonly StatusName[] = [
  'UNAUTHENTICATED',
  'PERMISSION_DENIED',
  'INVALID_ARGUMENT',
  'UNIMPLEMENTED',
];

export class RpcError extends Error {
  override readonly name = 'RpcError';
  readonly status: StatusName;
  /** Whether TLS or a certificate is at fault: there was no connection. */
  readonly ofTls: boolean;

  constructor(name: StatusName, message: string, { ofTls = false } = {}) {
    super(message === '' ? name : `${name}: ${message.slice(0, guardLimits.textCharacters)}`);
    this.status = name;
    this.ofTls = ofTls;
  }
}

/** The other side broke the protocol. Nothing received from it is trusted any more. */
export class ProtocolFault extends Error {
  override readonly name = 'ProtocolFault';
}

export function statusName(text: string): StatusName {
  return (/^\d{1,2}$/.test(text) ? statusNames[Number(text)] : undefined) ?? 'UNKNOWN';
}

/** For answers of an intermediary that does not speak gRPC: the table of the gRPC documentation. */
export function statusOfHttp(code: unknown): StatusName {
  const known: Record<string, StatusName> = {
    400: 'INTERNAL',
    401: 'UNAUTHENTICATED',
    403: 'PERMISSION_DENIED',
    404: 'UNIMPLEMENTED',
    429: 'UNAVAILABLE',
    502: 'UNAVAILABLE',
    503: 'UNAVAILABLE',
    504: 'UNAVAILABLE',
  };
  return known[String(code)] ?? 'UNKNOWN';
}
