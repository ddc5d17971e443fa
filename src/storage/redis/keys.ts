/**
 * Every name in Redis is spelt here. The deployment's id is a hash tag, so that all keys of one deployment lie in one
 * slot of a Cluster: one script and one transaction can then touch them all.
 */
import type { SliceKey } from '@countersign/verifier/revocation/projection';
import { sessionSubjectBytes } from '@countersign/verifier/revocation/revocation';

/** Holds the id of the deployment that this Redis belongs to; outside of the hash tag, since it is asked for that id. */
export const deploymentKey = 'countersign:deployment';

export interface RedisKeys {
  /** Hash: what the copy holds, and up to which position of the truth. */
  readonly manifest: string;
  /** Set of raw ids. `slice` is a field of the manifest. */
  set(slice: string): string;
  /** Hash: run of a node → what it has seen of the database, sealed. */
  readonly sightings: string;
  /** Memory that a node saved: what it is, with a code; and its bytes, in pieces. */
  readonly memory: string;
  memoryPiece(id: string, number: number): string;
  /** Count of requests in a window. `name` holds nothing that anybody may read. */
  rate(name: string): string;
  readonly announcements: string;
  acknowledgements(nodeId: string): string;
}

/** `deploymentId`: a UUID. */
export function createKeys(deploymentId: string): RedisKeys {
  const prefix = `countersign:{${deploymentId}}`;
  return {
    manifest: `${prefix}:manifest`,
    set: (slice) => `${prefix}:set:${slice}`,
    sightings: `${prefix}:sightings`,
    memory: `${prefix}:memory`,
    memoryPiece: (id, number) => `${prefix}:memory:${id}:${number}`,
    rate: (name) => `${prefix}:rate:${name}`,
    announcements: `${prefix}:announcements`,
    acknowledgements: (nodeId) => `${prefix}:acknowledgements:${nodeId}`,
  };
}

/** `sessions:1893456000` or `tokens:…`: the kind, and when the slice ends in seconds since the Unix epoch. */
export function sliceName({ ofSessions, endsAt }: SliceKey): string {
  return `${ofSessions ? 'sessions' : 'tokens'}:${Math.ceil(endsAt / 1000)}`;
}

/** The bytes of a jti: the other kind of id. */
const tokenSubjectBytes = 27;

/** Whether these bytes name a session. Throws `RangeError` for what is no id at all. */
export function isSession(subject: Uint8Array): boolean {
  if (subject.length !== sessionSubjectBytes && subject.length !== tokenSubjectBytes) {
    throw new RangeError(`an id has 16 or 27 bytes, not ${subject.length}`);
  }
  return subject.length === sessionSubjectBytes;
}
