/** A process that serves what the gRPC rows measure: an empty handler, and TokenService over a filled deny-list. */

import { systemClock } from '@countersign/verifier/clock';
import { loadContract } from '@countersign/verifier/contract/contract';
import { sliceLength } from '@countersign/verifier/revocation/denyList';
import { Server, ServerCredentials } from '@grpc/grpc-js';
import { createLog } from '../src/platform/observability/log.ts';
import { createMetrics } from '../src/platform/observability/metrics.ts';
import { revocationService } from '../src/revocation/grpc.ts';
import { createWatchStream } from '../src/revocation/subscribers/grpc.ts';
import { createSubscribers } from '../src/revocation/subscribers/subscribers.ts';
import { createWatchRevocations } from '../src/revocation/subscribers/watchRevocations.ts';
import type { Service } from '../src/services/service.ts';
import { createCheckRevocation } from '../src/tokens/checkRevocation.ts';
import { tokenService } from '../src/tokens/grpc.ts';
import { createGrpcServer } from '../src/transport/grpc/server.ts';
import { filledDenyList } from './denyList.ts';
import { openSignedTokens, about as signed } from './signedTokens.ts';

const service = { permissions: ['tokens.check', 'tokens.introspect'] } as unknown as Service;

const nothing = { endedSessions: 0, matchedSessions: 0, effect: undefined };

async function serveOurs(entries: number): Promise<{ port: number; tokens: readonly string[] }> {
  const denyList = await filledDenyList(entries);
  const { introspect, issue, keyRing } = await openSignedTokens(denyList);
  const subscribers = createSubscribers({
    slices: () => denyList.slices(),
    marks: () => denyList.marks(),
    nodeLease: { remainingMs: () => 5_000 },
    clock: systemClock,
    events: { onSubscriberSettled: () => {}, onSubscriberBackoff: () => {} },
  });
  const log = createLog('silent');
  const metrics = createMetrics();
  const about = { issuer: signed.issuer, nodeId: 'bench', sliceMs: sliceLength(15 * 60_000) };
  const watchRevocations = createWatchRevocations({ subscribers, keyRing });
  const watch = createWatchStream({ ...about, watchRevocations, clock: systemClock, log, metrics });
  const notAsked = () => Promise.reject(new Error('not asked'));
  const unasked = { previewRevocation: notAsked, revocationProgress: notAsked };
  const revokeKey = async () => ({ ...nothing, effectAt: 0 });
  const server = createGrpcServer({
    services: [
      tokenService({ checkRevocation: createCheckRevocation({ denyList }), introspect }),
      revocationService({ ...unasked, revoke: async () => nothing, revokeKey }, watch),
    ],
    // As of one that was looked up a moment ago.
    authenticateService: () => service,
    subscribers: subscribers,
    requireTruth: () => {},
    reflection: false,
    canAnswer: () => true,
    tls: undefined,
    ...{ clock: systemClock, metrics, log },
  });
  return { port: await server.listen('127.0.0.1', 0), tokens: await issue(1_000) };
}

async function serveEmpty(): Promise<number> {
  const { TokenService } = loadContract().v1;
  const server = new Server();
  const empty = (_call: unknown, callback: (error: null, answer: object) => void) => callback(null, {});
  const methods = { IsRevoked: empty, BatchIsRevoked: empty, Introspect: empty };
  server.addService(TokenService.service, methods);
  return new Promise((resolve, reject) => {
    server.bindAsync('127.0.0.1:0', ServerCredentials.createInsecure(), (error, port) =>
      error === null ? resolve(port) : reject(error),
    );
  });
}

const entries = Number(process.argv[2] ?? 1_000_000);
const { port: ours, tokens } = await serveOurs(entries);
process.send?.({ empty: await serveEmpty(), ours, tokens });
