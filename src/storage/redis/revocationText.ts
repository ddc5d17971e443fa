/** Revocations as JSON, for messages and saved memory. Parsed strictly. */
import type { Revocation } from '@countersign/verifier/revocation/revocation';
import { isSession } from './keys.ts';

export function encodeRevocation({ subject, reason, expiresAt }: Revocation) {
  return { subject: Buffer.from(subject).toString('base64'), reason, expires_at: expiresAt };
}

/** Undefined for anything but the output of `encodeRevocation`. */
export function decodeRevocation(row: unknown): Revocation | undefined {
  if (!hasMembers(row, ['subject', 'reason', 'expires_at'])) return undefined;
  const { subject, reason, expires_at: expiresAt } = row;
  const bytes = typeof subject === 'string' ? decodeId(subject) : undefined;
  if (bytes === undefined || !isCount(expiresAt)) return undefined;
  if (typeof reason !== 'string' || !/^[a-z][a-z0-9_.-]{0,63}$/.test(reason)) return undefined;
  return { subject: bytes, reason, expiresAt };
}

/** Undefined if any is malformed. */
export function decodeRevocations(rows: unknown): readonly Revocation[] | undefined {
  if (!Array.isArray(rows)) return undefined;
  const revocations = rows.map(decodeRevocation);
  return revocations.includes(undefined) ? undefined : (revocations as Revocation[]);
}

export type Members = Readonly<Record<string, unknown>>;

/** An object with exactly these members, and perhaps the optional one. */
export function hasMembers(value: unknown, names: readonly string[], optional?: string): value is Members {
  if (typeof value !== 'object' || value === null) return false;
  const allowed = optional !== undefined && Object.hasOwn(value, optional) ? [...names, optional] : names;
  return Object.keys(value).length === allowed.length && allowed.every((name) => Object.hasOwn(value, name));
}

export function isCount(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0;
}

/** Accepts only canonical base64 of 16 or 27 bytes. */
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
