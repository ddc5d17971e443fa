/**
 * Connections for questions, one per address. A failed question does not end the others on its connection, unless the connection
 * itself is bad. Does not own where a question goes (`questions.ts`).
 */
import { withDeadline } from '@countersign/verifier/clock';
import type { Address } from './address.ts';
import type { Method } from './call.ts';
import { type Connection, type ConnectionParts, connect } from './connection.ts';
import { guardLimits } from './limits.ts';
import { RpcError } from './rpcError.ts';

export interface QuestionLine {
  /** Asks once; waits for the connection no longer than for the answer. Rejects with `RpcError` or `ProtocolFault`. */
  ask<Request extends object, Response extends object>(
    method: Method<Request, Response>,
    request: Request,
    maximumBytes: number,
  ): Promise<Response>;
  /** Ends it at once with every question on it: its data cannot be trusted. */
  hangUp(): void;
}

export interface QuestionLines {
  /** True shortly after a failed connection: no new one is tried. */
  isResting(address: Address): boolean;
  line(address: Address): QuestionLine;
  /** Ends all rests, after a change. */
  wake(): void;
  close(): void;
}

export interface QuestionLineParts extends ConnectionParts {
  /** From 0 to 1. */
  readonly random: () => number;
}

interface Line extends QuestionLine {
  /** True when it takes no more questions. */
  over(): boolean;
  idle(): boolean;
  /** Takes no more questions and closes after the last one. */
  retire(): void;
}

export function createQuestionLines(parts: QuestionLineParts): QuestionLines {
  const { clock, random } = parts;
  const lines = new Map<Address, Line>();
  /** Every line with a socket, including retired ones. */
  const open = new Set<Line>();
  const restsUntil = new Map<Address, number>();

  const rest = (address: Address) => {
    const wait = guardLimits.questionRestMilliseconds * (0.5 + random() / 2);
    restsUntil.set(address, clock.monotonic() + wait);
  };
  const openLine = (address: Address): Line => {
    // Lines that worked before another node failed.
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
  /** Everything is released. */
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
        // A connection in progress goes on: the next question may use it.
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
