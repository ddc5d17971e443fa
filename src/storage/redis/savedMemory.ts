/**
 * A node's memory, saved in Redis: immutable pieces under new names each time, and a manifest. The manifest has a code that only
 * this deployment can make, and each piece's hash; what does not verify counts as missing. Other programs cannot use it.
 */
import { createHash, randomUUID } from 'node:crypto';
import { verifierLimits } from '@countersign/verifier/limits';
import { bloomGeometry } from '@countersign/verifier/revocation/bloomFilter';
import type { ProjectedSlice } from '@countersign/verifier/revocation/projection';
import type { Revocation } from '@countersign/verifier/revocation/revocation';
import type { AuthenticText } from '../../platform/authenticText.ts';
import { propagationLimits } from '../../revocation/propagation/limits.ts';
import type { MemoryContents, SavedMemory } from '../../revocation/propagation/savedMemory.ts';
import type { Commands } from './client.ts';
import type { RedisConnection } from './connection.ts';
import type { RedisKeys } from './keys.ts';
import { redisLimits } from './limits.ts';
import { runOnOwn } from './ownKey.ts';
import { decodeRevocations, encodeRevocation } from './revocationText.ts';

/** `unverified`: not ours, or changed. `incomplete`: a piece is missing or changed. */
export type RefusedFor = 'unverified' | 'incomplete';

/** As stored, in JSON. */
interface Manifest {
  /** The version of this layout, of the filters and of their hashing. */
  readonly version: 1;
  readonly id: string;
  readonly saved_at: number;
  readonly history: string;
  readonly snapshot: string;
  readonly slices: readonly {
    readonly of_sessions: boolean;
    readonly ends_at: number;
    readonly layers: readonly { readonly capacity: number; readonly entries: number }[];
  }[];
  /** After the filters, the marks as JSON. */
  readonly marks_bytes: number;
  /** SHA-256 of each piece, in base64url. */
  readonly pieces: readonly string[];
}

const { savedPieceBytes: pieceBytes, savedManifestBytes: manifestBytes } = redisLimits;

export function createSavedMemory(parts: {
  redis: Pick<RedisConnection, 'run'>;
  keys: RedisKeys;
  authentic: AuthenticText;
  onRefused: (why: RefusedFor) => void;
}): SavedMemory {
  const { redis, keys, authentic, onRefused } = parts;
  /** This node's last save, which may have been interrupted, or its manifest deleted by somebody. */
  let own: Pick<Manifest, 'id' | 'pieces'> | undefined;

  const readManifest = async (): Promise<Manifest | undefined> => {
    // GETRANGE limits the size, whatever is stored there.
    const read = (commands: Commands) => commands.getrangeBuffer(keys.memory, 0, manifestBytes);
    const bytes = await runOnOwn(redis, keys.memory, read, () => onRefused('unverified'));
    if (bytes.length === 0) return undefined;
    const isTooLong = bytes.length > manifestBytes;
    const text = isTooLong ? undefined : authentic.read(bytes, keys.memory);
    if (text === undefined) return void onRefused('unverified');
    const manifest = JSON.parse(text) as Manifest;
    // One of our nodes wrote it, but perhaps of another version.
    return manifest.version === 1 ? manifest : undefined;
  };

  const readPieces = async (manifest: Manifest): Promise<Uint8Array | undefined> => {
    const size = sizeOf(manifest);
    if (size > redisLimits.savedMemoryBytes || manifest.pieces.length !== Math.ceil(size / pieceBytes))
      return undefined;
    const all = new Uint8Array(size);
    for (const [number, hash] of manifest.pieces.entries()) {
      const key = keys.memoryPiece(manifest.id, number);
      const piece = await runOnOwn(redis, key, (commands) => commands.getrangeBuffer(key, 0, pieceBytes));
      if (hashOf(piece) !== hash) return undefined;
      all.set(piece, number * pieceBytes);
    }
    return all;
  };

  return {
    async latest() {
      const manifest = await readManifest();
      if (manifest === undefined) return undefined;
      const { id, saved_at: savedAt, history, snapshot } = manifest;
      return {
        ...{ id, savedAt, position: { history, snapshot } },
        async read() {
          const all = await readPieces(manifest);
          const contents = all && contentsOf(manifest, all);
          return contents ?? void onRefused('incomplete');
        },
      };
    },

    async save({ savedAt, position, slices, marks }) {
      const before = await readManifest();
      if (own !== undefined && own.id !== before?.id) await letGo(own);
      const id = randomUUID();
      const keep = propagationLimits.savedMemoryUsableMilliseconds;
      const bytesOfMarks = encodeMarks(marks);
      const pieces: string[] = [];
      own = { id, pieces };
      for (const piece of piecesOf([...filtersOf(slices), bytesOfMarks])) {
        const key = keys.memoryPiece(id, pieces.length);
        await redis.run((commands) => commands.set(key, piece, 'PX', keep));
        pieces.push(hashOf(piece));
      }
      const manifest: Manifest = {
        ...{ version: 1, id, saved_at: savedAt, ...position },
        slices: slices.map(({ ofSessions, endsAt, layers }) => ({
          ...{ of_sessions: ofSessions, ends_at: endsAt },
          layers: layers.map(({ capacity, entries }) => ({ capacity, entries })),
        })),
        ...{ marks_bytes: bytesOfMarks.length, pieces },
      };
      const text = authentic.write(JSON.stringify(manifest), keys.memory);
      await redis.run((commands) => commands.set(keys.memory, text, 'PX', keep));
      if (before !== undefined) await letGo(before);
      return id;
    },
  };

  /** Delayed: somebody may be reading it. */
  async function letGo({ id, pieces }: Pick<Manifest, 'id' | 'pieces'>): Promise<void> {
    await redis.run(async (commands) => {
      const pipeline = commands.pipeline();
      for (const number of pieces.keys())
        pipeline.pexpire(keys.memoryPiece(id, number), redisLimits.savedMemoryLingersMilliseconds);
      await pipeline.exec();
    });
  }
}

function hashOf(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('base64url');
}

function layerBytes({ capacity }: { readonly capacity: number }): number {
  return bloomGeometry(capacity, verifierLimits.bloomFalsePositives).bits / 8;
}

function sizeOf({ slices, marks_bytes: marksBytes }: Manifest): number {
  const layers = slices.flatMap((slice) => slice.layers);
  return layers.reduce((sum, layer) => sum + layerBytes(layer), marksBytes);
}

function filtersOf(slices: readonly ProjectedSlice[]): Uint8Array[] {
  return slices.flatMap(({ layers }) => layers.map(({ bytes }) => bytes));
}

function encodeMarks(marks: readonly Revocation[]): Buffer {
  return Buffer.from(JSON.stringify(marks.map(encodeRevocation)));
}

/** Copies piece by piece: the live bytes keep changing. */
function* piecesOf(parts: readonly Uint8Array[]): Generator<Buffer> {
  let piece: Uint8Array[] = [];
  let room = pieceBytes;
  for (const part of parts) {
    for (let start = 0; start < part.length; ) {
      const some = part.subarray(start, start + room);
      piece.push(some);
      start += some.length;
      room -= some.length;
      if (room > 0) continue;
      yield Buffer.concat(piece);
      piece = [];
      room = pieceBytes;
    }
  }
  if (piece.length > 0) yield Buffer.concat(piece);
}

/** Undefined when a mark is malformed: memory would be incomplete without it. */
function contentsOf(
  { slices, marks_bytes: marksBytes }: Manifest,
  all: Uint8Array,
): MemoryContents | undefined {
  let start = 0;
  const take = (length: number) => {
    start += length;
    return all.subarray(start - length, start);
  };
  const filled = slices.map(({ of_sessions: ofSessions, ends_at: endsAt, layers }) => ({
    ...{ ofSessions, endsAt },
    layers: layers.map((layer) => ({ ...layer, bytes: take(layerBytes(layer)) })),
  }));
  const marks = decodeRevocations(JSON.parse(Buffer.from(take(marksBytes)).toString()));
  return marks && { slices: filled, marks };
}
