/** How a call to the authority failed: a gRPC status, or what comes to the same. */
import { guardLimits } from './limits.ts';

/** By their numbers. */
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

/** Answers that only an operator can change; another node would say the same. */
export const refusals: readonly StatusName[] = [
  'UNAUTHENTICATED',
  'PERMISSION_DENIED',
  'INVALID_ARGUMENT',
  'UNIMPLEMENTED',
];

export class RpcError extends Error {
  override readonly name = 'RpcError';
  readonly status: StatusName;
  /** Whether TLS or a certificate is at fault: there was no connection at all. */
  readonly ofTls: boolean;

  constructor(name: StatusName, message: string, { ofTls = false } = {}) {
    super(message === '' ? name : `${name}: ${message.slice(0, guardLimits.textCharacters)}`);
    this.status = name;
    this.ofTls = ofTls;
  }
}

/** What the other side sent is not what the protocol says. Nothing that came from there is relied upon any more. */
export class ProtocolFault extends Error {
  override readonly name = 'ProtocolFault';
}

export function statusName(text: string): StatusName {
  return (/^\d{1,2}$/.test(text) ? statusNames[Number(text)] : undefined) ?? 'UNKNOWN';
}

/** For answers of something in between that speaks no gRPC: the table of the gRPC documentation. */
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
