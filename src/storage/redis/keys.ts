/**
 * All names in Redis. The deployment's id is a hash tag, so that all its keys are in one slot of a Cluster, as scripts and
 * transactions require.
 */
import type { SliceKey } from '@countersign/verifier/revocation/projection';
import { sessionSubjectBytes } from '@countersign/verifier/revocation/revocation';

/** Holds the id of the deployment that owns this Redis; without the hash tag, because that is the id. */
export const deploymentKey = 'countersign:deployment';

export interface RedisKeys {
  /** Hash: the copy's content, and the database position it covers. */
  readonly manifest: string;
  /** Set of raw ids. `slice` is a field of the manifest. */
  set(slice: string): string;
  /** Hash: node run → its sighting of the database, sealed. */
  readonly sightings: string;
  /** A node's saved memory: its manifest with a code, and its bytes in pieces. */
  readonly memory: string;
  memoryPiece(id: string, number: number): string;
  /** What was read of a session, sealed. */
  session(id: string): string;
  /** A window's request count. `name` contains nothing private. */
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
    session: (id) => `${prefix}:session:${id}`,
    rate: (name) => `${prefix}:rate:${name}`,
    announcements: `${prefix}:announcements`,
    acknowledgements: (nodeId) => `${prefix}:acknowledgements:${nodeId}`,
  };
}

/** `sessions:1893456000` or `tokens:…`: the kind, and the slice's end in seconds since the Unix epoch. */
export function sliceName({ ofSessions, endsAt }: SliceKey): string {
  return `${ofSessions ? 'sessions' : 'tokens'}:${Math.ceil(endsAt / 1000)}`;
}

/** The bytes of a jti: the other kind of id. */
const tokenSubjectBytes = 27;

/** Whether these bytes name a session. Throws `RangeError` for neither kind of id. */
export function isSession(subject: Uint8Array): boolean {
  if (subject.length !== sessionSubjectBytes && subject.length !== tokenSubjectBytes) {
    throw new RangeError(`an id has 16 or 27 bytes, not ${subject.length}`);
  }
  return subject.length === sessionSubjectBytes;
}
