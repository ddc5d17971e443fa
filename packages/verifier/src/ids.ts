/** Identifiers: UUIDv7 (RFC 9562 §5.7), as text outside, as 16 bytes in tokens and the deny-list. */
declare const brand: unique symbol;
type Branded<Name extends string> = string & { readonly [brand]: Name };

export type UserId = Branded<'UserId'>;
export type SessionId = Branded<'SessionId'>;
/** Of a service or an application: its OAuth `client_id`. */
export type ServiceId = Branded<'ServiceId'>;
export type AuditEventId = Branded<'AuditEventId'>;
/** A second factor or passkey. */
export type FactorId = Branded<'FactorId'>;
/** A message in the outbox. */
export type MessageId = Branded<'MessageId'>;

/** A lower-case UUID, also for schemas. */
export const uuidPattern = '^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$';

const uuidShape = new RegExp(uuidPattern);

export function isUuid(text: string): boolean {
  return uuidShape.test(text);
}

/** The 16 bytes of a lower-case UUID; callers have checked the format. */
export function uuidBytes(id: string): Buffer {
  return Buffer.from(id.replaceAll('-', ''), 'hex');
}

/** Formats any 16 bytes as a UUID. They come from tokens, so the version is not checked: an unknown id is simply not found. */
export function uuidFromBytes(bytes: Uint8Array): string {
  const hex = Buffer.from(bytes.buffer, bytes.byteOffset, 16).toString('hex');
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join('-');
}
