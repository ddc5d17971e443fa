/**
 * Asks the authority about single tokens: on a connection of its own, and when that fails on another address at once. What is
 * not answered here is refused.
 */
import type { Contract } from '../contract/contract.ts';
import type { IntrospectResponse__Output } from '../contract/generated/countersign/v1/IntrospectResponse.ts';
import { withDeadline } from '../core/clock.ts';
import type { Revocation } from '../revocation/revocation.ts';
import type { Method } from './call.ts';
import {
  type Address,
  type Connecting,
  type Connection,
  type ConnectionParts,
  connect,
} from './connection.ts';
import type { GuardFault } from './hooks.ts';
import { guardLimits } from './limits.ts';
import { ProtocolFault, RpcError, type StatusName } from './rpcError.ts';

export interface Questions {
  /** Those of these subjects that are revoked. Rejects when that cannot be said of one of them. */
  find(subjects: readonly Uint8Array[]): Promise<readonly Revocation[]>;
  introspect(token: string): Promise<IntrospectResponse__Output>;
  close(): void;
}

export interface QuestionParts extends ConnectionParts {
  readonly contract: Contract;
  readonly addresses: readonly Address[];
  /** Where the stream is: this node is known to be well. */
  readonly preferred: () => Address | undefined;
  readonly onFault: (fault: Omit<GuardFault, 'at'>) => void;
}

/** Another node would say the same. */
const final: readonly StatusName[] = [
  'UNAUTHENTICATED',
  'PERMISSION_DENIED',
  'INVALID_ARGUMENT',
  'UNIMPLEMENTED',
];
const attempts = 2;

export function createQuestions(parts: QuestionParts): Questions {
  const { clock, contract, addresses, preferred, onFault } = parts;
  const { BatchIsRevoked, Introspect } = contract.v1.TokenService.service;
  let line:
    | { readonly address: Address; readonly connecting: Connecting; connection?: Connection }
    | undefined;
  let next = 0;
  let asking = 0;
  let closed = false;

  const connected = async (): Promise<{ connection: Connection; address: Address }> => {
    if (line?.connection?.usable() === false) hangUp(line);
    if (line === undefined) {
      const address = preferred() ?? (addresses[next % addresses.length] as Address);
      const opened = { address, connecting: connect(address, parts) };
      line = opened;
    }
    const using = line;
    const connection = await using.connecting.connected;
    using.connection = connection;
    if (line !== using) throw new RpcError('UNAVAILABLE', 'given up');
    return { connection, address: using.address };
  };
  const hangUp = (broken: NonNullable<typeof line>) => {
    broken.connecting.cancel();
    void broken.connecting.connected.then(
      (connection) => connection.close(),
      () => {},
    );
    if (line === broken) line = undefined;
  };

  const askOnce = async <Request extends object, Response extends object>(
    method: Method<Request, Response>,
    request: Request,
  ): Promise<Response> => {
    const asked = connected().then(({ connection }) =>
      connection.ask(method, request, guardLimits.questionMilliseconds),
    );
    const using = line;
    const late = () => new RpcError('DEADLINE_EXCEEDED', 'no answer in time');
    try {
      return await withDeadline(clock, guardLimits.questionMilliseconds, asked, late);
    } catch (error) {
      const authority = using?.address.text ?? '';
      onFault({ kind: kindOf(error), authority, message: (error as Error).message });
      // Whatever it was, another connection may be better; on the next address, if there is one.
      if (using !== undefined && line === using) {
        hangUp(using);
        next = addresses.indexOf(using.address) + 1;
      }
      throw error;
    }
  };

  const ask = async <Request extends object, Response extends object>(
    method: Method<Request, Response>,
    request: Request,
  ): Promise<Response> => {
    if (closed) throw new RpcError('CANCELLED', 'the guard is closed');
    if (asking >= guardLimits.questions)
      throw new RpcError('RESOURCE_EXHAUSTED', 'too many questions at once');
    asking += 1;
    try {
      return await again(() => askOnce(method, request));
    } finally {
      asking -= 1;
    }
  };

  return {
    async find(subjects) {
      const checks = subjects.map((subject) => ({ subject: Buffer.from(subject) }));
      const { results } = await ask(BatchIsRevoked as Method<object, { results: Verdict[] }>, { checks });
      if (results.length !== subjects.length)
        throw new ProtocolFault('answers that are not as many as the questions');
      // `revoked` is also true of what could not be answered; that must not be said of it (I4).
      const failed = results.find(({ failure }) => failure !== null && failure !== undefined);
      if (failed !== undefined) throw new RpcError('UNAVAILABLE', failed.failure?.reason ?? '');
      return results.flatMap(({ revoked, reason }, index) =>
        revoked ? [{ subject: subjects[index] as Uint8Array, reason, expiresAt: 0 }] : [],
      );
    },

    introspect: (token) => ask(Introspect as Method<object, IntrospectResponse__Output>, { token }),

    close() {
      closed = true;
      if (line !== undefined) hangUp(line);
    },
  };
}

interface Verdict {
  readonly revoked: boolean;
  readonly reason: string;
  readonly failure?: { readonly reason: string } | null;
}

async function again<T>(work: () => Promise<T>): Promise<T> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await work();
    } catch (error) {
      const isFinal = error instanceof RpcError && final.includes(error.status);
      if (isFinal || attempt === attempts) throw error;
    }
  }
}

function kindOf(error: unknown): GuardFault['kind'] {
  if (error instanceof RpcError) return final.includes(error.status) ? 'refused' : 'question';
  return 'protocol';
}
