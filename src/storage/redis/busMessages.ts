/**
 * Messages between nodes, as JSON. Senders are nodes of this deployment, but perhaps of another version, so parsing is strict.
 */

import type { Acknowledgement, Announcement } from '../../revocation/propagation/bus.ts';
import { redisLimits } from './limits.ts';
import { decodeRevocations, encodeRevocation, hasMembers, isCount, type Members } from './revocationText.ts';

/** `sequence` increases with each message of a sender, of any kind. */
export interface Sequenced<Message> {
  readonly sequence: number;
  readonly message: Message;
}

/** Omits the revocations when they are too many for one message. */
export function encodeAnnouncement({ sequence, message }: Sequenced<Announcement>): string {
  const { from, number, history, revocations } = message;
  const head = { type: 'announcement', from, sequence, number, history };
  if (revocations === undefined || revocations.length > mostRevocations) return JSON.stringify(head);
  const text = JSON.stringify({ ...head, revocations: revocations.map(encodeRevocation) });
  return Buffer.byteLength(text) > mostBytes ? JSON.stringify(head) : text;
}

/** The message's code takes the rest. */
const mostBytes = redisLimits.busMessageBytes - 64;

/** The shortest row has about this many bytes: more rows are too many without encoding them. */
const mostRevocations = Math.floor(redisLimits.busMessageBytes / 64);

export function encodeAcknowledgement({ sequence, message }: Sequenced<Acknowledgement>): string {
  const { to, number, from, history } = message;
  return JSON.stringify({ type: 'acknowledgement', to, sequence, number, from, history });
}

/** Undefined for anything but the output of `encodeAnnouncement`. */
export function decodeAnnouncement(text: string): Sequenced<Announcement> | undefined {
  const members = parseObject(text, 'announcement', [], 'revocations');
  if (members === undefined) return undefined;
  const { from, sequence, number, history, revocations: rows } = members;
  if (rows === undefined) return { sequence, message: { from, number, history, revocations: undefined } };
  const revocations = decodeRevocations(rows);
  return revocations && { sequence, message: { from, number, history, revocations } };
}

/** Undefined for anything but the output of `encodeAcknowledgement`. */
export function decodeAcknowledgement(text: string): Sequenced<Acknowledgement> | undefined {
  const members = parseObject(text, 'acknowledgement', ['to']);
  if (members === undefined) return undefined;
  const { to, from, sequence, number, history } = members;
  return isNodeId(to) ? { sequence, message: { to, number, from, history } } : undefined;
}

/** Members of every message. */
interface Head extends Members {
  readonly from: string;
  readonly sequence: number;
  readonly number: number;
  readonly history: string;
}

/** An object of this type with exactly the head's and these members, and perhaps the optional one. */
function parseObject(
  text: string,
  type: string,
  more: readonly string[],
  optional?: string,
): Head | undefined {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    // Not JSON.
    return undefined;
  }
  const names = ['type', 'from', 'sequence', 'number', 'history', ...more];
  if (!hasMembers(value, names, optional) || value['type'] !== type) return undefined;
  const { from, sequence, number, history } = value;
  const isHead = isNodeId(from) && isCount(sequence) && isCount(number) && typeof history === 'string';
  return isHead ? (value as Head) : undefined;
}

function isNodeId(value: unknown): value is string {
  return typeof value === 'string' && /^[A-Za-z0-9_-]{1,64}$/.test(value);
}
