/**
 * What nodes say to each other, as JSON. Read strictly: a channel can be written to by whoever has the password, and by
 * nodes of other versions, and nothing that arrives may throw, be large, or be taken for what it is not.
 */
import { limits } from '../../core/limits.ts';
import type { Acknowledgement, Announcement } from '../../revocation/bus.ts';
import type { Revocation } from '../../revocation/revocation.ts';
import { isSession } from './keys.ts';

/** Without its revocations when they are too many for one message. */
export function encodeAnnouncement({ from, number, revocations }: Announcement): string {
  const head = { type: 'announcement', from, number };
  if (revocations === undefined || revocations.length > mostRevocations) return JSON.stringify(head);
  const rows = revocations.map(({ subject, reason, expiresAt }) => ({
    subject: Buffer.from(subject).toString('base64'),
    reason,
    expires_at: expiresAt,
  }));
  const text = JSON.stringify({ ...head, revocations: rows });
  return Buffer.byteLength(text) > limits.busMessageBytes ? JSON.stringify(head) : text;
}

/** The shortest row has about this many bytes: more of them need not even be written down to see that they are too many. */
const mostRevocations = Math.floor(limits.busMessageBytes / 64);

export function encodeAcknowledgement({ to, number, from }: Acknowledgement): string {
  return JSON.stringify({ type: 'acknowledgement', to, number, from });
}

/** Undefined for anything but what `encodeAnnouncement` makes. */
export function decodeAnnouncement(payload: Uint8Array): Announcement | undefined {
  const members = parseObject(payload, 'announcement', ['from', 'number'], 'revocations');
  if (members === undefined) return undefined;
  const { from, number, revocations: rows } = members;
  if (!isNodeId(from) || !isCount(number)) return undefined;
  if (rows === undefined) return { from, number, revocations: undefined };
  if (!Array.isArray(rows)) return undefined;
  const revocations = rows.map(decodeRevocation);
  if (revocations.includes(undefined)) return undefined;
  return { from, number, revocations: revocations as Revocation[] };
}

/** Undefined for anything but what `encodeAcknowledgement` makes. */
export function decodeAcknowledgement(payload: Uint8Array): Acknowledgement | undefined {
  const members = parseObject(payload, 'acknowledgement', ['to', 'number', 'from']);
  if (members === undefined) return undefined;
  const { to, number, from } = members;
  return isNodeId(to) && isCount(number) && isNodeId(from) ? { to, number, from } : undefined;
}

type Members = Readonly<Record<string, unknown>>;

/** An object with exactly these members, and perhaps the optional one. */
function parseObject(
  payload: Uint8Array,
  type: string,
  names: readonly string[],
  optional?: string,
): Members | undefined {
  if (payload.length > limits.busMessageBytes) return undefined;
  try {
    const text = new TextDecoder('utf-8', { fatal: true }).decode(payload);
    const value: unknown = JSON.parse(text);
    if (!hasMembers(value, ['type', ...names], optional)) return undefined;
    return value['type'] === type ? value : undefined;
  } catch {
    // Not UTF-8, or not JSON.
    return undefined;
  }
}

function hasMembers(value: unknown, names: readonly string[], optional?: string): value is Members {
  if (typeof value !== 'object' || value === null) return false;
  const allowed = optional !== undefined && Object.hasOwn(value, optional) ? [...names, optional] : names;
  return Object.keys(value).length === allowed.length && allowed.every((name) => Object.hasOwn(value, name));
}

function decodeRevocation(row: unknown): Revocation | undefined {
  if (!hasMembers(row, ['subject', 'reason', 'expires_at'])) return undefined;
  const { subject, reason, expires_at: expiresAt } = row;
  const bytes = typeof subject === 'string' ? decodeId(subject) : undefined;
  if (bytes === undefined || !isCount(expiresAt)) return undefined;
  if (typeof reason !== 'string' || !/^[a-z][a-z0-9_.-]{0,63}$/.test(reason)) return undefined;
  return { subject: bytes, reason, expiresAt };
}

/** Only the one canonical spelling in base64 of 16 or 27 bytes. */
function decodeId(text: string): Buffer | undefined {
  const bytes = Buffer.from(text, 'base64');
  if (bytes.toString('base64') !== text) return undefined;
  try {
    isSession(bytes);
    return bytes;
  } catch {
    return undefined;
  }
}

function isNodeId(value: unknown): value is string {
  return typeof value === 'string' && /^[A-Za-z0-9_-]{1,64}$/.test(value);
}

function isCount(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0;
}
