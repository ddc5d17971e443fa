/** One call while its request arrives: in its method's time, with its method's longest message, in memory that is counted. */
import type { Metadata } from '@grpc/grpc-js';
import { AuthorityError } from '../core/errors.ts';
import type { Awaited, Deadlines } from './deadlines.ts';
import type { CallListener, LibraryCall } from './libraryCall.ts';
import { MessageReader } from './messageReader.ts';
import type { Usage } from './usage.ts';

/** What calls of one method have in common. */
export interface Arrival {
  readonly requestBytes: number;
  /** Infinite for a stream that looks to that itself. */
  readonly milliseconds: number;
  /** Whether a message is enough; else the end of the request has to come as well. */
  readonly streams: boolean;
  readonly deadlines: Deadlines;
  readonly refuse: (call: LibraryCall, startedAt: number, error: unknown) => void;
}

export class ArrivingCall implements CallListener, Awaited {
  readonly #arrival: Arrival;
  readonly #call: LibraryCall;
  readonly #startedAt: number;
  readonly #usage: Pick<Usage, 'begin' | 'end'>;
  /** Who gets what has arrived. */
  readonly #listener: CallListener;
  readonly #reader: MessageReader;
  #begun = false;

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
    this.#reader = new MessageReader(arrival.requestBytes, usage);
  }

  get until(): number {
    return this.#startedAt + this.#arrival.milliseconds;
  }

  tooLate(): void {
    this.#refuse(new AuthorityError('deadline_exceeded', { detail: 'message: did not arrive in time' }));
  }

  /** In the place of the library's decoder. */
  write(data: Buffer): Buffer[] {
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
    if (this.#arrival.streams) this.#arrived();
    this.#listener.onReceiveMessage(message);
  }

  onReceiveHalfClose(): void {
    this.#arrived();
    this.#listener.onReceiveHalfClose();
  }

  /** The last that comes, however a call ends. */
  onCancel(): void {
    this.#arrival.deadlines.delete(this);
    this.#reader.forget();
    if (this.#begun) this.#usage.end();
    this.#listener.onCancel();
  }

  #arrived(): void {
    this.#arrival.deadlines.delete(this);
    this.#reader.handedOn();
  }

  #refuse(error: unknown): void {
    this.#arrival.refuse(this.#call, this.#startedAt, error);
  }
}
