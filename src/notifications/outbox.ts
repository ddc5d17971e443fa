/**
 * The outbox: messages are written in the transaction of what they tell, and sent later by `send.ts`, at least once. A message is
 * sealed while it waits, since it may hold a code or a link, and deleted when it was sent.
 */
import { randomBytes } from 'node:crypto';
import type { MessageId, UserId } from '@countersign/verifier/ids';
import type { Stores } from '../database.ts';
import { newId } from '../platform/newId.ts';
import type { Sealing } from '../platform/sealing.ts';
import type { EndedForClient, Message } from './message.ts';

export interface OutboxEntry {
  readonly id: MessageId;
  /** `none`: a decoy, which is not sent. */
  readonly channel: Message['channel'] | 'none';
  readonly template: string;
  readonly userId: UserId | undefined;
  readonly sealedMessage: Uint8Array;
  readonly createdAt: number;
  readonly attempts: number;
}

/** For operators: its content is sealed. */
export interface WaitingMessage extends Omit<OutboxEntry, 'sealedMessage'> {
  readonly dueAt: number;
  readonly lastFault: string | undefined;
  /** Somebody sends it until then, unless its node died. */
  readonly claimedUntil: number | undefined;
  readonly givenUpAt: number | undefined;
}

export interface OutboxPage {
  readonly after: MessageId | undefined;
  readonly limit: number;
  readonly givenUp: boolean;
}

export type SealedMessage = Pick<OutboxEntry, 'id' | 'sealedMessage'>;

export interface OutboxStore {
  add(entry: Omit<OutboxEntry, 'attempts'>): Promise<void>;
  /**
   * Claims at most `limit` entries of the channel that are due, for `claimMs`, oldest first; counts the attempt. Of several nodes, one gets an
   * entry.
   */
  claim(
    now: number,
    claimMs: number,
    limit: number,
    channel: OutboxEntry['channel'],
  ): Promise<readonly OutboxEntry[]>;
  /** Deletes an entry that was sent or refused. */
  remove(id: MessageId): Promise<void>;
  /** Sends it again at `dueAt`. */
  retry(id: MessageId, dueAt: number, fault: string): Promise<void>;
  /** Deletes its content; the rest is kept for operators for `keptMs`. */
  giveUp(
    id: MessageId,
    how: { readonly now: number; readonly keptMs: number; readonly fault: string },
  ): Promise<void>;
  /** Deletes what was given up and kept until now. */
  forgetGivenUp(now: number): Promise<void>;
  /** Deletes everything that waits for the user, or all with this template. */
  forget(userId: UserId, template?: string): Promise<void>;
  /** Deletes all: after the database was restored to an earlier state. */
  clear(): Promise<void>;
  /** At most `limit` messages, no decoys, by id after `after`, sealed with another key than values beginning with `header`. */
  listSealedOtherwise(
    header: Uint8Array,
    after: MessageId | undefined,
    limit: number,
  ): Promise<readonly SealedMessage[]>;
  /** Stores the resealed form of an unchanged message, unless it was sent meanwhile. */
  reseal(message: SealedMessage): Promise<void>;
  /** Those that wait or were given up, no decoys, by id after `after`. */
  list(page: OutboxPage): Promise<readonly WaitingMessage[]>;
  /** Makes it due, unless it is being sent: it would be sent twice. */
  sendNow(id: MessageId, now: number): Promise<'due' | 'being_sent' | 'gone'>;
  /** How many wait, and since when the oldest does. */
  waiting(): Promise<{ readonly entries: number; readonly oldest: number | undefined }>;
}

/** Tells somebody something, once the transaction of `stores` has committed. Writes nothing for a channel that is not configured. */
export type Notify = (
  stores: Pick<Stores, 'outbox'>,
  message: Message,
  about: { readonly userId: UserId | undefined; readonly now: number },
) => Promise<void>;

export function createNotify({
  sealing,
  channels,
}: {
  readonly sealing: Sealing;
  /** Whether each is configured; for clients, the store writes. */
  readonly channels: Readonly<Record<Exclude<Message['channel'], 'client'>, boolean>>;
}): Notify {
  return async ({ outbox }, message, { userId, now }) => {
    const { channel, template } = message;
    if (channel === 'client' || !channels[channel]) return;
    const id = newId<MessageId>(now);
    const sealedMessage = sealing.seal(Buffer.from(JSON.stringify(message)), sealingContext(id));
    await outbox.add({ id, channel, template, userId, sealedMessage, createdAt: now });
  };
}

/**
 * Where there is nobody to tell, does the same work as `Notify`: the time of an answer must not reveal which e-mails are
 * registered.
 */
export async function writeDecoy({ outbox }: Pick<Stores, 'outbox'>, now: number): Promise<void> {
  const sealedMessage = randomBytes(decoyBytes);
  const id = newId<MessageId>(now);
  await outbox.add({ id, channel: 'none', template: '', userId: undefined, sealedMessage, createdAt: now });
}

/** About as long as a sealed message. */
const decoyBytes = 512;

/** Throws `UnsealError`. */
export function openMessage(sealing: Sealing, { id, channel, sealedMessage }: OutboxEntry): Message {
  if (channel === 'client') {
    const data = JSON.parse(Buffer.from(sealedMessage).toString()) as EndedForClient;
    return { channel, template: 'logout', to: '', locale: undefined, data };
  }
  return JSON.parse(sealing.unseal(sealedMessage, sealingContext(id)).toString()) as Message;
}

/** The same message, sealed with the key of now. Throws `UnsealError`. */
export type ResealMessage = (message: SealedMessage) => Uint8Array;

export function createResealMessage(sealing: Sealing): ResealMessage {
  return ({ id, sealedMessage }) =>
    sealing.seal(sealing.unseal(sealedMessage, sealingContext(id)), sealingContext(id));
}

function sealingContext(id: string): string {
  return `outbox:${id}`;
}
