/** A call whose request is arriving: with its method's time and size limits, in counted memory. */

import { AuthorityError } from '@countersign/verifier/errors';
import type { Metadata } from '@grpc/grpc-js';
import type { Awaited, Deadlines } from './deadlines.ts';
import type { CallListener, LibraryCall } from './libraryCall.ts';
import { MessageReader, type MessageRules } from './messageReader.ts';
import { overloaded, type Usage } from './usage.ts';

/** Common to all calls of a method. */
export interface Arrival extends MessageRules {
  /** Infinity for a stream that times itself. */
  readonly milliseconds: number;
  /** Messages of a stream; Infinity for one that counts itself. */
  readonly messages: number;
  readonly deadlines: Deadlines;
  readonly refuse: (call: LibraryCall, startedAt: number, error: unknown) => void;
}

const nothing = Buffer.alloc(0);

export class ArrivingCall implements CallListener, Awaited {
  readonly #arrival: Arrival;
  readonly #call: LibraryCall;
  readonly #startedAt: number;
  readonly #usage: Pick<Usage, 'begin' | 'end'>;
  /** Receives what arrived. */
  readonly #listener: CallListener;
  readonly #reader: MessageReader;
  #begun = false;
  #messages = 0;
  /** The library reports it with its last message, while others may still wait here. */
  #halfClosed = false;
  /** Its status was sent or it is gone: nothing left in the library may be used. */
  #over = false;

  constructor(
    arrival: Arrival,
    call: LibraryCall,
    startedAt: number,
    usage: Pick<Usage, 'begin' | 'end' | 'hold' | 'release'>,
    listener: CallListener,
  ) {
    this.#arrival = arrival;
    this.#call = call;
    this.#startedAt = startedAt;
    this.#usage = usage;
    this.#listener = listener;
    this.#reader = new MessageReader(arrival, usage);
  }

  get until(): number {
    return this.#startedAt + this.#arrival.milliseconds;
  }

  tooLate(): void {
    this.#refuse(new AuthorityError('deadline_exceeded', { detail: 'message: did not arrive in time' }));
  }

  /** Replaces the library's decoder. */
  write(data: Buffer): Buffer[] {
    if (this.#over) return [];
    try {
      return this.#reader.write(data);
    } catch (error) {
      if (!(error instanceof AuthorityError)) throw error;
      this.#refuse(error);
      return [];
    }
  }

  onReceiveMetadata(metadata: Metadata): void {
    this.#usage.begin();
    this.#begun = true;
    if (this.#arrival.milliseconds < Number.POSITIVE_INFINITY) this.#arrival.deadlines.add(this);
    this.#call.decoder = this;
    this.#call.maxReceiveMessageSize = this.#arrival.requestBytes;
    this.#listener.onReceiveMetadata(metadata);
  }

  onReceiveMessage(message: unknown): void {
    if (this.#over) return;
    this.#messages += 1;
    if (this.#messages > this.#arrival.messages) {
      this.#refuse(overloaded('open_messages'));
      return;
    }
    if (this.#arrival.streams) {
      // One message is enough.
      this.#arrival.deadlines.delete(this);
      if (this.#reader.arrived()) this.#call.handleDataFrame(nothing);
    }
    this.#listener.onReceiveMessage(message);
    if (this.#halfClosed && !this.#reader.isBusy()) this.onReceiveHalfClose();
  }

  onReceiveHalfClose(): void {
    if (this.#over) return;
    this.#halfClosed = this.#arrival.streams && this.#reader.isBusy();
    if (this.#halfClosed) {
      this.#call.startRead();
      return;
    }
    this.#arrival.deadlines.delete(this);
    this.#reader.forget();
    this.#listener.onReceiveHalfClose();
  }

  /** Always the last event, however a call ends. */
  onCancel(): void {
    this.#end();
    if (this.#begun) this.#usage.end();
    this.#listener.onCancel();
  }

  #end(): void {
    this.#over = true;
    this.#arrival.deadlines.delete(this);
    this.#reader.forget();
  }

  #refuse(error: unknown): void {
    this.#end();
    this.#arrival.refuse(this.#call, this.#startedAt, error);
  }
}
