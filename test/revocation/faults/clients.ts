/** One call of a client to one node, and what its answer means. No answer at all is an answer too: it says nothing. */

import type { IsRevokedResponse__Output } from '@countersign/verifier/contract/generated/countersign/v1/IsRevokedResponse';
import { type ServiceError, status } from '@grpc/grpc-js';
import type { CallOptions } from '../../support/clients.ts';
import type { ClusterNode } from '../../support/cluster.ts';
import type { Answer } from './checker.ts';

/** The same for every call: a refresh from another one would be theft. */
const headers = { 'user-agent': 'fault-tests' };

export interface HttpAnswer {
  /** 0: none came. */
  readonly status: number;
  // biome-ignore lint/suspicious/noExplicitAny: a body of any shape
  readonly body: any;
}

export async function post(node: ClusterNode, path: string, options: CallOptions): Promise<HttpAnswer> {
  return node.call('POST', path, { headers, ...options }).catch(() => ({ status: 0, body: undefined }));
}

/** Refused for now, or not answered: the client may try again. */
export const isUnavailable = (status: number) => status === 0 || status === 503;

/** Anything else than these answers is a defect, which `unexpected` is told. */
export type Unexpected = (what: string) => void;

export async function me(node: ClusterNode, token: string, unexpected: Unexpected): Promise<Answer> {
  const answer = await node.call('GET', '/auth/me', { headers, token }).catch(() => ({ status: 0 }));
  if (answer.status === 200) return 'not revoked';
  if (answer.status === 401) return 'revoked';
  if (!isUnavailable(answer.status)) unexpected(`${node.name} /auth/me: ${answer.status}`);
  return 'unavailable';
}

export async function isRevoked(
  node: ClusterNode,
  jtis: readonly string[],
  unexpected: Unexpected,
): Promise<readonly Answer[]> {
  const [first = ''] = jtis;
  try {
    const answers =
      jtis.length === 1 ? [await node.grpc.isRevoked(first)] : await node.grpc.batchIsRevoked(jtis);
    return answers.map(answerOf);
  } catch (error) {
    const { code, message } = error as ServiceError;
    if (!unavailable.includes(code)) unexpected(`${node.name} IsRevoked: ${message}`);
    return jtis.map(() => 'unavailable');
  }
}

/** Said by the node, or by the client's own library when the node is not there or does not answer. */
const unavailable = [status.UNAVAILABLE, status.DEADLINE_EXCEEDED, status.CANCELLED];

function answerOf({ revoked }: IsRevokedResponse__Output): Answer {
  return revoked ? 'revoked' : 'not revoked';
}
