import type { MessageId } from '@countersign/verifier/ids';
import type { Message } from './message.ts';

/** Sends a message to one recipient. */
export interface Channel {
  /**
   * Resolves when the other side has taken it. `id` is the same for each try, so that the other side can drop a repetition.
   * Rejects with `SendFault`.
   */
  send(id: MessageId, message: Message): Promise<void>;
}

/** Why a message was not taken. The text goes to the log and the database: it names no recipient and no content. */
export class SendFault extends Error {
  override readonly name = 'SendFault';
  /** Trying again is useless: there is no such recipient. */
  readonly isFinal: boolean;

  constructor(text: string, { isFinal = false }: { readonly isFinal?: boolean } = {}) {
    super(text);
    this.isFinal = isFinal;
  }
}
