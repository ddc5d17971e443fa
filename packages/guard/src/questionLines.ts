/**
 * The connections on which questions are asked, one to an address. A question that fails does not end the others of its
 * connection; that goes only when it is bad itself. Does not own where a question goes (`questions.ts`).
 */
import { withDeadline } from '@countersign/verifier/clock';
import type { Address } from './address.ts';
import type { Method } from './call.ts';
import { type Connection, type ConnectionParts, connect } from './connection.ts';
import { guardLimits } from './limits.ts';
import { RpcError } from './rpcError.ts';

export interface QuestionLine {
  /** Asks once, and waits for the connection at most as long as for an answer. Rejects with `RpcError` or `ProtocolFault`. */
  ask<Request extends object, Response extends object>(
    method: Method<Request, Response>,
    request: Request,
    maximumBytes: number,
  ): Promise<Response>;
  /** Ends it at once, with every question on it: what came on it is not to be believed. */
  hangUp(): void;
}

export interface QuestionLines {
  /** A connection to there has just failed; there will be no other one for a moment. */
  isResting(address: Address): boolean;
  line(address: Address): QuestionLine;
  /** Something has changed: none of them rests any more. */
  wake(): void;
  close(): void;
}

export interface QuestionLineParts extends ConnectionParts {
  /** From 0 to 1. */
  readonly random: () => number;
}

interface Line extends QuestionLine {
  /** Nothing new can be asked on it. */
  over(): boolean;
  idle(): boolean;
  /** Takes no more questions, and ends with the last one that is under way. */
  retire(): void;
}

export function createQuestionLines(parts: QuestionLineParts): QuestionLines {
  const { clock, random } = parts;
  const lines = new Map<Address, Line>();
  /** All that have a socket, also those that take no more questions. */
  const open = new Set<Line>();
  const restsUntil = new Map<Address, number>();

  const rest = (address: Address) => {
    const wait = guardLimits.questionRestMilliseconds * (0.5 + random() / 2);
    restsUntil.set(address, clock.monotonic() + wait);
  };
  const openLine = (address: Address): Line => {
    // Those that were of use before another node failed.
    for (const other of lines.values()) {
      if (lines.size >= guardLimits.questionAttempts && other.idle()) other.retire();
    }
    const line: Line = createLine(address, parts, {
      onConnected: () => void restsUntil.delete(address),
      onFailed: () => rest(address),
      onRetired() {
        if (lines.get(address) === line) lines.delete(address);
      },
      onClosed: () => void open.delete(line),
    });
    lines.set(address, line);
    open.add(line);
    return line;
  };

  return {
    isResting: (address) => clock.monotonic() < (restsUntil.get(address) ?? Number.NEGATIVE_INFINITY),
    line(address) {
      const before = lines.get(address);
      if (before?.over()) before.retire();
      return lines.get(address) ?? openLine(address);
    },
    wake: () => restsUntil.clear(),
    close() {
      for (const line of open) line.hangUp();
    },
  };
}

interface LineEvents {
  onConnected(): void;
  onFailed(): void;
  onRetired(): void;
  /** Nothing is left of it. */
  onClosed(): void;
}

function createLine(address: Address, parts: ConnectionParts, events: LineEvents): Line {
  const { clock } = parts;
  const connecting = connect(address, parts);
  let connection: Connection | undefined;
  let asking = 0;
  let lateInARow = 0;
  let retired = false;

  const hangUp = () => {
    if (!retired) events.onRetired();
    retired = true;
    connecting.cancel();
    connection?.close();
    events.onClosed();
  };
  const retire = () => {
    if (!retired) events.onRetired();
    retired = true;
    if (asking === 0) hangUp();
  };
  connecting.connected.then(
    (connected) => {
      connection = connected;
      events.onConnected();
      if (retired) connected.close();
    },
    () => {
      if (!retired) events.onFailed();
      hangUp();
    },
  );
  const noteOutcome = (error?: unknown) => {
    const isLate = error instanceof RpcError && error.status === 'DEADLINE_EXCEEDED';
    lateInARow = isLate ? lateInARow + 1 : 0;
    if (lateInARow >= guardLimits.questionsLateInARow) retire();
  };

  return {
    async ask(method, request, maximumBytes) {
      const { questionMilliseconds: milliseconds } = guardLimits;
      const begun = clock.monotonic();
      const late = () => new RpcError('DEADLINE_EXCEEDED', 'no connection in time');
      asking += 1;
      try {
        // One that is being made is left to be finished: the next question may find it there.
        const connected = await withDeadline(clock, milliseconds, connecting.connected, late);
        const left = Math.max(1, milliseconds - (clock.monotonic() - begun));
        const answer = await connected.ask(method, request, { milliseconds: left, maximumBytes });
        noteOutcome();
        return answer;
      } catch (error) {
        if (connection !== undefined) noteOutcome(error);
        throw error;
      } finally {
        asking -= 1;
        if (retired && asking === 0) hangUp();
      }
    },
    hangUp,
    retire,
    over: () => connection?.usable() === false,
    idle: () => asking === 0,
  };
}
