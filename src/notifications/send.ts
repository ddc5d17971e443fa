/**
 * Sends what waits in the outbox, at least once: an entry is claimed, sent, and deleted only then. Wakes after a commit on this
 * node, and looks from time to time for what others left. Gives up with an alarm when a message is of no use any more.
 */
import { type Cancel, type Clock, withDeadline } from '@countersign/verifier/clock';
import { platformLimits } from '../platform/limits.ts';
import type { FaultLog } from '../platform/observability/faultLog.ts';
import type { Log } from '../platform/observability/log.ts';
import type { Metrics } from '../platform/observability/metrics.ts';
import { type Poller, startWakeablePoller } from '../platform/poller.ts';
import type { Sealing } from '../platform/sealing.ts';
import { type Channel, SendFault } from './channel.ts';
import { notificationLimits } from './limits.ts';
import type { Message } from './message.ts';
import { type OutboxEntry, type OutboxStore, openMessage } from './outbox.ts';

type Channels = Partial<Readonly<Record<Message['channel'], Channel>>>;

export interface SendParts {
  readonly outbox: OutboxStore;
  readonly sealing: Sealing;
  /** Of the channels that are configured. */
  readonly channels: Channels;
  readonly clock: Clock;
  readonly log: Log;
  readonly metrics: Metrics;
  readonly onFault: FaultLog;
  /** Called before the message is deleted. */
  readonly onGivenUp: (entry: OutboxEntry) => Promise<void>;
  /** Called before a message is deleted that its recipient did not get: given up or refused. */
  readonly onUndelivered: (entry: OutboxEntry) => Promise<void>;
  /** From 0 to 1, for the waits. */
  readonly random?: () => number;
}

/** Until `start`, nothing is sent. */
export interface Sending extends Pick<Poller, 'stop'> {
  /**
   * After a commit: sends 50 to 150 ms later. Sending uses the processor, and only where there is somebody to send to: a slower
   * answer would reveal that.
   */
  wakeSoon(): void;
  /** `client`: reaches applications; it is made when everything else is. */
  start(client: Channel): void;
}

/** `stop` waits a moment for what is being sent, and leaves the rest to other nodes or to the next start. */
export function createSending(parts: SendParts): Sending {
  const { outbox, clock, metrics, onFault } = parts;
  let channels = parts.channels;
  let waiting: Awaited<ReturnType<OutboxStore['waiting']>> = { entries: 0, oldest: undefined };
  metrics.gauge(
    'countersign_outbox_waiting',
    'Messages that wait in the outbox, as this node last saw.',
    () => waiting.entries,
  );
  metrics.gauge(
    'countersign_outbox_oldest_seconds',
    'Age of the oldest message that waits in the outbox, in seconds.',
    () => (waiting.oldest === undefined ? 0 : Math.max(0, clock.now() - waiting.oldest) / 1000),
  );
  const sent = [...(Object.keys(channels) as Message['channel'][]), 'client' as const, 'none' as const];
  // Places of its own for each channel: events that an operator's system does not take must not keep codes waiting.
  const underWay = new Map(sent.map((channel) => [channel, new Set<Promise<void>>()]));
  let stopped = false;
  let forgetAt = 0;
  let poller: Poller | undefined;
  const waking = new Set<Cancel>();
  const start = (entry: OutboxEntry, sending: Set<Promise<void>>) => {
    // Not awaited: a slow server must not keep other messages waiting.
    const delivery = deliver({ ...parts, channels }, entry)
      .catch((error) => void (stopped || onFault('outbox', error)))
      .finally(() => {
        sending.delete(delivery);
        if (!stopped) poller?.wake();
      });
    sending.add(delivery);
  };
  const { sendsAtOnce, claimMilliseconds } = notificationLimits;
  const round = {
    ...{ clock, firstMs: 0, retryMs: notificationLimits.pollMilliseconds },
    async run() {
      for (const [channel, sending] of underWay) {
        const free = sendsAtOnce - sending.size;
        const due = clock.now() - notificationLimits.delayMilliseconds;
        const claimed = free === 0 ? [] : await outbox.claim(due, claimMilliseconds, free, channel);
        for (const entry of claimed) start(entry, sending);
      }
      if (clock.monotonic() >= forgetAt) {
        await outbox.forgetGivenUp(clock.now());
        forgetAt = clock.monotonic() + notificationLimits.forgetMilliseconds;
      }
      waiting = await outbox.waiting();
      return notificationLimits.pollMilliseconds;
    },
    onFault: (error: unknown) => onFault('outbox', error),
  };
  return {
    start(client) {
      channels = { ...channels, client };
      poller = startWakeablePoller(round);
    },
    wakeSoon() {
      if (stopped) return;
      const { delayMilliseconds, delaySpreadMilliseconds } = notificationLimits;
      const random = (parts.random ?? Math.random)();
      const cancel = clock.after(delayMilliseconds + delaySpreadMilliseconds * random, () => {
        waking.delete(cancel);
        poller?.wake();
      });
      waking.add(cancel);
    },
    async stop() {
      stopped = true;
      for (const cancel of waking) cancel();
      await poller?.stop();
      const finished = Promise.all([...underWay.values()].flatMap((sending) => [...sending]));
      const late = () => new SendFault('stopped');
      await withDeadline(clock, platformLimits.lastRoundMilliseconds, finished, late).catch(() => {});
    },
  };
}

/** Ends with the transfer: one that was given up may still hold a connection. */
async function deliver(parts: SendParts, entry: OutboxEntry): Promise<void> {
  const { outbox, clock, metrics, channels } = parts;
  const { id, channel } = entry;
  if (channel === 'none') return outbox.remove(id);
  let transfer: Promise<void> | undefined;
  try {
    const message = openMessage(parts.sealing, entry);
    if (clock.now() >= usefulUntil(entry, message)) return await giveUp(parts, entry, 'too old');
    const by = channels[channel];
    if (by === undefined) throw new SendFault('not configured');
    const late = () => new SendFault('timeout');
    transfer = by.send(id, message);
    await withDeadline(clock, notificationLimits.sendMilliseconds, transfer, late);
  } catch (error) {
    await failed(parts, entry, error);
    return await transfer?.catch(() => {});
  }
  metrics.message(channel, 'sent');
  await outbox.remove(id);
}

async function failed(parts: SendParts, entry: OutboxEntry, error: unknown): Promise<void> {
  const { outbox, clock, metrics, log, onFault, random = Math.random } = parts;
  const { id, channel, template, attempts } = entry;
  if (error instanceof SendFault && error.isFinal) {
    metrics.message(channel, 'refused');
    log.warn({ message_id: id, channel, template, fault: error.message }, 'a recipient was refused');
    await parts.onUndelivered(entry);
    return outbox.remove(id);
  }
  // What was sealed with a lost key can never be read. Any other error of ours may be repaired by an update.
  const fault = error instanceof SendFault ? error.message : (error as Error).name;
  if (fault === 'UnsealError') return giveUp(parts, entry, fault);
  if (clock.now() >= entry.createdAt + notificationLimits.noticeMilliseconds)
    return giveUp(parts, entry, fault);
  metrics.message(channel, 'failed');
  onFault(channel, error instanceof SendFault ? error : new SendFault(fault));
  const { retryFirstMilliseconds: first, retryLongestMilliseconds: longest } = notificationLimits;
  const wait = Math.min(first * 2 ** Math.min(attempts - 1, 20), longest);
  await outbox.retry(id, clock.now() + wait * (0.9 + 0.2 * random()), fault);
}

/** The user will never get it, so an operator must know. */
async function giveUp(parts: SendParts, entry: OutboxEntry, fault: string): Promise<void> {
  const { id, channel, template, attempts } = entry;
  parts.metrics.message(channel, 'given_up');
  const about = { message_id: id, channel, template, attempts, fault };
  // Of an application that is gone there may be thousands, and nobody here can mend it.
  if (channel === 'client') parts.log.warn(about, 'a message was given up');
  else parts.log.error(about, 'a message was given up');
  if (channel !== 'operator') await parts.onGivenUp(entry);
  await parts.onUndelivered(entry);
  const kept = { now: parts.clock.now(), keptMs: notificationLimits.givenUpMilliseconds, fault };
  await parts.outbox.giveUp(id, kept);
}

/** A code or link is of no use after its end. */
function usefulUntil({ createdAt }: OutboxEntry, { data }: Message): number {
  const { minutes, linkHours } = data as { readonly minutes?: number; readonly linkHours?: number };
  if (linkHours !== undefined) return createdAt + linkHours * 3_600_000;
  if (minutes !== undefined) return createdAt + minutes * 60_000;
  return createdAt + notificationLimits.noticeMilliseconds;
}
