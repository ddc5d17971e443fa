/** A load of IsRevoked, each call with another id that is not revoked. */
import type { SessionId } from '@countersign/verifier/ids';
import { newJti } from '@countersign/verifier/tokens/jti';
import { newId } from '../src/platform/newId.ts';
import { field } from '../test/support/rawGrpc.ts';
import { type Http2Load, type LoadShape, openHttp2Load } from './load/http2Load.ts';
import type { WholeAuthority } from './wholeAuthority.ts';

const different = 5_000;

export const anId = () => newJti(newId<SessionId>(Date.now()), Date.now(), 0);

/** The requests of IsRevoked. */
export function differentChecks(): Buffer[] {
  return Array.from({ length: different }, () => field(1, Buffer.from(anId())));
}

export function openChecks(
  { cluster, grpcPort: port }: Pick<WholeAuthority, 'cluster' | 'grpcPort'>,
  shape?: LoadShape,
): Promise<Http2Load> {
  const { serviceToken } = cluster;
  const path = '/countersign.v1.TokenService/IsRevoked';
  return openHttp2Load({ port, serviceToken, path, messages: differentChecks(), leastBytes: 7 }, shape);
}
