/**
 * Tokens of earlier issuers, for the time of moving in: read, introspected and revoked like our own until they expire. Owns which
 * issuers and what their tokens must be like. Does not own our own tokens (`@countersign/verifier`); they are read first and
 * cost nothing more.
 */
import type { Clock } from '@countersign/verifier/clock';
import type { DenyList } from '@countersign/verifier/revocation/denyList';
import type { ReadTime } from '@countersign/verifier/steadyTime';
import { compactVerify, errors } from 'jose';
import type { Config } from '../../platform/config/config.ts';
import type { Metrics } from '../../platform/observability/metrics.ts';
import { externalSubject } from '../externalId.ts';
import { type EarlierIssuer, readEarlierIssuers } from './earlierIssuer.ts';
import { type ForeignKeys, type KeySet, openForeignKeys } from './foreignKeys.ts';
import {
  type EarlierClaims,
  type ForeignFault,
  type ForeignParts,
  faultOfHeader,
  foreignId,
  foreignParts,
  judgeForeignClaims,
} from './judgeForeignToken.ts';

export type ReadForeign =
  | { readonly valid: true; readonly claims: EarlierClaims; readonly externalId: string }
  | { readonly valid: false; readonly fault: ForeignFault };

export type EarlierIntrospection =
  | { readonly active: true; readonly claims: EarlierClaims }
  | { readonly active: false; readonly reason: ForeignFault | 'revoked' };

export interface EarlierTokens {
  /** Whether it says that it is of an earlier issuer; nothing is verified. */
  isForeign(token: string): boolean;
  /** Without revocation. Undefined when it is of no earlier issuer. Rejects with `unavailable` without its keys. */
  read(token: string): Promise<ReadForeign | undefined>;
  /** As `read`; also rejects when the deny-list cannot answer. */
  introspect(token: string): Promise<EarlierIntrospection | undefined>;
}

export interface EarlierTokenParts {
  readonly config: Pick<Config, 'tokens' | 'earlierIssuersPath'>;
  readonly clock: Clock;
  readonly latestTime: ReadTime;
  readonly denyList: Pick<DenyList, 'check'>;
  readonly metrics: Pick<Metrics, 'earlierToken'>;
  readonly onFault: (part: string, error: unknown) => void;
}

interface Known {
  readonly issuer: EarlierIssuer;
  readonly keys: ForeignKeys;
}

/** Undefined without earlier issuers. Throws `StartupError`. */
export async function openEarlierTokens(parts: EarlierTokenParts): Promise<EarlierTokens | undefined> {
  const { config, latestTime } = parts;
  if (config.earlierIssuersPath === undefined) return undefined;
  const known = new Map<unknown, Known>();
  for (const issuer of await readEarlierIssuers(config.earlierIssuersPath, config.tokens.issuer))
    known.set(issuer.issuer, { issuer, keys: await openForeignKeys({ ...parts, issuer }) });

  const find = (token: string) => {
    const jws = foreignParts(token);
    const from = jws && known.get(jws.payload['iss']);
    return jws && from && { jws, from };
  };
  const read: EarlierTokens['read'] = async (token) => {
    const found = find(token);
    if (found === undefined) return undefined;
    const { jws, from } = found;
    const claims = await judge(token, jws, from, latestTime);
    if (typeof claims === 'string') return { valid: false, fault: claims };
    return { valid: true, claims, externalId: foreignId(claims, jws) };
  };
  return {
    isForeign: (token) => find(token) !== undefined,
    read,
    introspect: createIntrospect({ ...parts, read }),
  };
}

async function judge(
  token: string,
  jws: ForeignParts,
  { issuer, keys }: Known,
  latestTime: ReadTime,
): Promise<EarlierClaims | ForeignFault> {
  const fault = faultOfHeader(jws, issuer) ?? (await faultOfSignature(token, issuer, keys));
  return fault ?? judgeForeignClaims(jws, issuer, latestTime());
}

async function faultOfSignature(
  token: string,
  { algorithms }: EarlierIssuer,
  keys: ForeignKeys,
): Promise<ForeignFault | undefined> {
  const verify = async (set: KeySet): Promise<ForeignFault | undefined> => {
    try {
      await compactVerify(token, set, { algorithms: [...algorithms] });
      return undefined;
    } catch (error) {
      return error instanceof errors.JWKSNoMatchingKey ? 'unknown_key' : 'signature';
    }
  };
  const current = await keys.current();
  const fault = await verify(current);
  if (fault !== 'unknown_key') return fault;
  const newer = await keys.after(current);
  return newer === undefined ? fault : verify(newer);
}

function createIntrospect({
  read,
  denyList,
  metrics,
}: Pick<EarlierTokens, 'read'> &
  Pick<EarlierTokenParts, 'denyList' | 'metrics'>): EarlierTokens['introspect'] {
  const introspect = async (token: string): Promise<EarlierIntrospection | undefined> => {
    const found = await read(token);
    if (found === undefined) return undefined;
    if (!found.valid) return { active: false, reason: found.fault };
    const { claims, externalId } = found;
    const subject = externalSubject(externalId);
    if (subject === undefined) return { active: false, reason: 'claims' };
    // A database that was put back may have forgotten its revocation, so marks count by the time of issue.
    const { revoked } = await denyList.check([subject], claims.iat * 1000);
    return revoked ? { active: false, reason: 'revoked' } : { active: true, claims };
  };
  return async (token) => {
    const result = await introspect(token).catch((error) => {
      metrics.earlierToken('unavailable');
      throw error;
    });
    if (result !== undefined) metrics.earlierToken(result.active ? 'active' : result.reason);
    return result;
  };
}
