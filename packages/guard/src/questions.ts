/**
 * Asks the authority about single tokens, on connections separate from the stream. A failed question goes to another address at
 * once. A token without an answer is refused.
 */
import type { Definitions } from '@countersign/verifier/contract/definitions';
import type { IntrospectResponse__Output } from '@countersign/verifier/contract/generated/countersign/v1/IntrospectResponse';
import type { Revocation } from '@countersign/verifier/revocation/revocation';
import type { Address } from './address.ts';
import type { Method } from './call.ts';
import type { GuardFault } from './hooks.ts';
import { guardLimits } from './limits.ts';
import { createQuestionLines, type QuestionLineParts } from './questionLines.ts';
import { ProtocolFault, RpcError, refusals } from './rpcError.ts';

export interface Questions {
  /** Returns the revoked ones of these subjects. Rejects when one has no answer. */
  find(subjects: readonly Uint8Array[]): Promise<readonly Revocation[]>;
  introspect(token: string): Promise<IntrospectResponse__Output>;
  /** Call when the authority is reachable again: resting addresses are tried at once. */
  wake(): void;
  close(): void;
}

export interface QuestionParts extends QuestionLineParts {
  readonly contract: Definitions;
  readonly addresses: readonly Address[];
  /** The stream's address: that node is known to work. */
  readonly preferred: () => Address | undefined;
  readonly onFault: (fault: Omit<GuardFault, 'at'>) => void;
}

interface Question<Request extends object, Response extends object> {
  readonly method: Method<Request, Response>;
  readonly request: Request;
  /** The longest answer. */
  readonly maximumBytes: number;
  /** Throws for an answer that breaks the protocol. */
  readonly check?: (answer: Response) => void;
}

export function createQuestions(parts: QuestionParts): Questions {
  const { contract, addresses, preferred, onFault } = parts;
  const { BatchIsRevoked, Introspect } = contract.v1.TokenService.service;
  const lines = createQuestionLines(parts);
  let next = 0;
  let asking = 0;
  let closed = false;

  /** Undefined while no address is reachable. */
  const choose = (failed: Address | undefined): Address | undefined => {
    const inTurn = [...addresses.slice(next), ...addresses.slice(0, next)];
    return orderOf(inTurn, failed, preferred).find((address) => !lines.isResting(address));
  };
  const askAt = async <Request extends object, Response extends object>(
    address: Address,
    { method, request, maximumBytes, check }: Question<Request, Response>,
  ): Promise<Response> => {
    const line = lines.line(address);
    try {
      const answer = await line.ask(method, request, maximumBytes);
      check?.(answer);
      return answer;
    } catch (error) {
      if (!(error instanceof RpcError)) line.hangUp();
      if (!closed)
        onFault({ kind: kindOf(error), authority: address.text, message: (error as Error).message });
      if (addresses[next] === address) next = (next + 1) % addresses.length;
      throw error;
    }
  };
  const askAnyone = async <Request extends object, Response extends object>(
    question: Question<Request, Response>,
  ): Promise<Response> => {
    let failed: Address | undefined;
    for (let attempt = 1; ; attempt += 1) {
      const address = choose(failed);
      if (address === undefined) throw new RpcError('UNAVAILABLE', 'no address can be reached');
      try {
        return await askAt(address, question);
      } catch (error) {
        const isFinal = error instanceof RpcError && refusals.includes(error.status);
        if (isFinal || closed || attempt === guardLimits.questionAttempts) throw error;
        failed = address;
      }
    }
  };

  const ask = async <Request extends object, Response extends object>(
    question: Question<Request, Response>,
  ): Promise<Response> => {
    if (closed) throw new RpcError('CANCELLED', 'the guard is closed');
    if (asking >= guardLimits.questions)
      throw new RpcError('RESOURCE_EXHAUSTED', 'too many questions at once');
    asking += 1;
    try {
      return await askAnyone(question);
    } finally {
      asking -= 1;
    }
  };

  return {
    async find(subjects) {
      const { results } = await ask<object, Verdicts>({
        method: BatchIsRevoked as Method<object, Verdicts>,
        request: { checks: subjects.map((subject) => ({ subject: Buffer.from(subject) })) },
        maximumBytes: guardLimits.answerBytes + subjects.length * guardLimits.verdictBytes,
        check: ({ results }) => checkVerdicts(results, subjects.length),
      });
      return results.flatMap(({ revoked, reason }, index) =>
        revoked ? [{ subject: subjects[index] as Uint8Array, reason, expiresAt: 0 }] : [],
      );
    },

    introspect: (token) =>
      ask({
        method: Introspect as Method<object, IntrospectResponse__Output>,
        request: { token },
        maximumBytes: guardLimits.answerBytes,
      }),

    wake: lines.wake,

    close() {
      closed = true;
      lines.close();
    },
  };
}

/** The first attempt goes to the preferred address, the second elsewhere if possible. */
function orderOf(
  inTurn: readonly Address[],
  failed: Address | undefined,
  preferred: () => Address | undefined,
): readonly Address[] {
  if (failed !== undefined) return [...inTurn.filter((address) => address !== failed), failed];
  const first = preferred();
  return first === undefined ? inTurn : [first, ...inTurn];
}

interface Verdict {
  readonly revoked: boolean;
  readonly reason: string;
  readonly failure?: { readonly reason: string } | null;
}

interface Verdicts {
  readonly results: readonly Verdict[];
}

function checkVerdicts(results: readonly Verdict[], questions: number): void {
  if (results.length !== questions) throw new ProtocolFault('a wrong number of answers');
  // A failed check also has `revoked` set. The guard must not report that: the token is not known to be revoked (I4).
  const failed = results.find(({ failure }) => failure !== null && failure !== undefined);
  if (failed !== undefined) throw new RpcError('UNAVAILABLE', failed.failure?.reason ?? '');
}

function kindOf(error: unknown): GuardFault['kind'] {
  if (error instanceof RpcError && error.ofTls) return 'tls';
  if (error instanceof RpcError) return refusals.includes(error.status) ? 'refused' : 'question';
  return 'protocol';
}
