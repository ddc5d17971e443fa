/**
 * Reads a snapshot's filters piece by piece into memory. Checks sizes before allocating; what does not fit is a `ProtocolFault`.
 */
import type { FilterStart__Output } from '@countersign/verifier/contract/generated/countersign/v1/FilterStart';
import { verifierLimits } from '@countersign/verifier/limits';
import { bloomGeometry } from '@countersign/verifier/revocation/bloomFilter';
import type { DenyListMemory } from '@countersign/verifier/revocation/denyListMemory';
import type { FilterLayer } from '@countersign/verifier/revocation/projection';
import { guardLimits } from './limits.ts';
import { ProtocolFault } from './rpcError.ts';

export interface Snapshot {
  begin(filter: FilterStart__Output): void;
  fill(bytes: Uint8Array): void;
  /** Throws unless everything arrived. */
  complete(): void;
}

interface OpenFilter {
  readonly ofSessions: boolean;
  readonly endsAt: number;
  readonly layer: FilterLayer;
  filled: number;
}

export function createSnapshot(parts: {
  memory: Pick<DenyListMemory, 'adopt'>;
  maximumBytes: number;
  /** The latest possible expiry; milliseconds since the Unix epoch. */
  latestEnd: () => number;
}): Snapshot {
  const { memory, maximumBytes, latestEnd } = parts;
  let open: OpenFilter | undefined;
  // One slice's filters. Taken over together, because only the last one is filled further.
  let layers: FilterLayer[] = [];
  let slice: Pick<OpenFilter, 'ofSessions' | 'endsAt'> | undefined;
  let bytesOfAll = 0;
  let filters = 0;

  const adoptSlice = () => {
    if (slice !== undefined) memory.adopt([{ ...slice, layers }]);
    layers = [];
    slice = undefined;
  };
  const close = () => {
    if (open !== undefined && open.filled < open.layer.bytes.length)
      throw new ProtocolFault('a filter with too few bytes');
    if (open !== undefined) layers.push(open.layer);
    open = undefined;
  };

  return {
    begin({ ofSessions, sliceEndMs, capacity, entries }) {
      close();
      if (slice?.ofSessions !== ofSessions || slice.endsAt !== sliceEndMs) adoptSlice();
      slice = { ofSessions, endsAt: sliceEndMs };
      if (!isCount(sliceEndMs) || sliceEndMs > latestEnd())
        throw new ProtocolFault('a filter of an impossible time');
      if (!isCount(capacity) || capacity === 0 || !isCount(entries))
        throw new ProtocolFault('a filter without a size');
      // The number of entries sets the next filter's size.
      if (entries > capacity) throw new ProtocolFault('a filter with more in it than it has room for');
      const bytes = bloomGeometry(capacity, verifierLimits.bloomFalsePositives).bits / 8;
      bytesOfAll += bytes;
      filters += 1;
      if (bytesOfAll > maximumBytes) throw new ProtocolFault('more than fits into the memory');
      if (filters > guardLimits.filters) throw new ProtocolFault(`more than ${guardLimits.filters} filters`);
      open = {
        ofSessions,
        endsAt: sliceEndMs,
        layer: { capacity, entries, bytes: new Uint8Array(bytes) },
        filled: 0,
      };
    },

    fill(bytes) {
      if (open === undefined) throw new ProtocolFault('bytes of no filter');
      if (bytes.length > verifierLimits.subscriberFilterBytes)
        throw new ProtocolFault('too many bytes at once');
      const { layer, filled } = open;
      if (filled + bytes.length > layer.bytes.length) throw new ProtocolFault('a filter with too many bytes');
      layer.bytes.set(bytes, filled);
      open.filled += bytes.length;
    },

    complete() {
      close();
      adoptSlice();
    },
  };
}

export function isCount(value: number): boolean {
  return Number.isSafeInteger(value) && value >= 0;
}
