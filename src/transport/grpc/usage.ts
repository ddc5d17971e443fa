/** Each service's current usage of this node: connections, calls, and memory for unread messages. */

import { AuthorityError } from '@countersign/verifier/errors';
import type { Service } from '../../services/service.ts';
import { grpcLimits } from './limits.ts';

export interface Usage {
  /** False when the service has its share of connections. */
  connect(): boolean;
  disconnect(): void;
  /** Throws `overloaded` when the service has its share of calls. */
  begin(): void;
  end(): void;
  /** Throws `overloaded` when the service's or the total memory is used up. */
  hold(bytes: number): void;
  release(bytes: number): void;
}

export interface Usages {
  of(service: Pick<Service, 'id'>): Usage;
  /** Bytes held for all services. */
  held(): number;
}

export function createUsages(): Usages {
  const usages = new Map<string, Usage>();
  let heldByAll = 0;

  /** Deleted once unused. */
  const open = (id: string): Usage => {
    let [connections, calls, held] = [0, 0, 0];
    const forgetEmpty = () => {
      if (connections === 0 && calls === 0 && held === 0) usages.delete(id);
    };
    return {
      connect() {
        if (connections >= grpcLimits.grpcServiceConnections) return false;
        connections += 1;
        return true;
      },
      disconnect() {
        connections -= 1;
        forgetEmpty();
      },
      begin() {
        if (calls >= grpcLimits.grpcServiceCalls) throw overloaded('service_calls');
        calls += 1;
      },
      end() {
        calls -= 1;
        forgetEmpty();
      },
      hold(bytes) {
        if (held + bytes > grpcLimits.grpcServiceMessageBytes) throw overloaded('service_message_bytes');
        // More only while it has less than is free, so a small message always fits.
        if (held + bytes > grpcLimits.grpcAllMessageBytes - heldByAll - bytes)
          throw overloaded('message_bytes');
        held += bytes;
        heldByAll += bytes;
      },
      release(bytes) {
        held -= bytes;
        heldByAll -= bytes;
      },
    };
  };

  return {
    of({ id }) {
      const known = usages.get(id);
      if (known !== undefined) return known;
      const usage = open(id);
      usages.set(id, usage);
      return usage;
    },
    held: () => heldByAll,
  };
}

export function overloaded(reason: string): AuthorityError {
  return new AuthorityError('overloaded', { retryAfterSeconds: 1, reason });
}
