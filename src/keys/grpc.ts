/** KeyService: translate, call one operation, translate back. The contract is in proto/countersign/v1. */

import type { Key } from '@countersign/verifier/contract/generated/countersign/v1/Key';
import type { ListKeysResponse } from '@countersign/verifier/contract/generated/countersign/v1/ListKeysResponse';
import type { ResealKeysResponse } from '@countersign/verifier/contract/generated/countersign/v1/ResealKeysResponse';
import type { RevokeKeyRequest__Output } from '@countersign/verifier/contract/generated/countersign/v1/RevokeKeyRequest';
import type { RevokeKeyResponse } from '@countersign/verifier/contract/generated/countersign/v1/RevokeKeyResponse';
import type { RotateKeyResponse } from '@countersign/verifier/contract/generated/countersign/v1/RotateKeyResponse';
import { invalidField } from '@countersign/verifier/errors';
import { actorOf, type Caller } from '../transport/grpc/callers.ts';
import { changes, check, ends, type Methods } from '../transport/grpc/methodRow.ts';
import type { GrpcService } from '../transport/grpc/server.ts';
import type { ListedKey, ListKeys } from './listKeys.ts';
import type { ResealKeys } from './resealKeys.ts';
import type { RevokeKey } from './revokeKey.ts';
import type { RotateKey } from './rotateKey.ts';
import type { SigningKeyState } from './store.ts';

export interface KeyServiceOperations {
  readonly listKeys: ListKeys;
  readonly rotateKey: RotateKey;
  readonly revokeKey: RevokeKey;
  readonly resealKeys: ResealKeys;
  /** How long one key signs. */
  readonly rotationIntervalMs: number;
}

export const keyMethods = {
  ListKeys: { permission: 'keys.manage', ...check },
  RotateKey: { permission: 'keys.manage', ...changes },
  RevokeKey: { permission: 'keys.manage', ...ends },
  ResealKeys: { permission: 'keys.manage', ...changes },
} as const satisfies Methods;

export function keyService(operations: KeyServiceOperations): GrpcService {
  return {
    methods: keyMethods,
    mount({ v1, add, unary }) {
      const handlers = createKeyService(operations);
      add(v1.KeyService.service, {
        ListKeys: unary('ListKeys', handlers.ListKeys),
        RotateKey: unary('RotateKey', handlers.RotateKey),
        RevokeKey: unary('RevokeKey', handlers.RevokeKey),
        ResealKeys: unary('ResealKeys', handlers.ResealKeys),
      });
    },
  };
}

export function createKeyService(operations: KeyServiceOperations) {
  const { listKeys, rotateKey, revokeKey, resealKeys, rotationIntervalMs } = operations;
  return {
    async ListKeys(): Promise<ListKeysResponse> {
      const keys = await listKeys();
      const since = keys.find(({ state }) => state === 'active')?.activatedAt;
      const nextRotationTimeMs = since === undefined ? 0 : since + rotationIntervalMs;
      return { keys: keys.map(toKey), nextRotationTimeMs };
    },

    RotateKey: (_request: unknown, caller: Caller): Promise<RotateKeyResponse> => rotateKey(actorOf(caller)),

    async RevokeKey({ kid }: RevokeKeyRequest__Output, caller: Caller): Promise<RevokeKeyResponse> {
      if (kid === '') throw invalidField('kid', 'required', 'is required');
      const { endedSessions, effectAt } = await revokeKey(kid, actorOf(caller));
      return { endedSessions, effectTimeMs: effectAt };
    },

    async ResealKeys(_request: unknown, caller: Caller): Promise<ResealKeysResponse> {
      const { signingKeys, sessions, unreadable } = await resealKeys(actorOf(caller));
      return { signingKeys, sessions, unreadableSessions: unreadable.count };
    },
  };
}

const states = {
  next: 'KEY_STATE_NEXT',
  active: 'KEY_STATE_ACTIVE',
  retiring: 'KEY_STATE_RETIRING',
  retired: 'KEY_STATE_RETIRED',
  revoked: 'KEY_STATE_REVOKED',
} as const satisfies Record<SigningKeyState, string>;

function toKey({ kid, state, createdAt, activatedAt, retiringAt, retiredAt, revokedAt }: ListedKey): Key {
  return {
    kid,
    state: states[state],
    createTimeMs: createdAt,
    activateTimeMs: activatedAt ?? 0,
    retiringTimeMs: retiringAt ?? 0,
    retireTimeMs: retiredAt ?? 0,
    revokeTimeMs: revokedAt ?? 0,
  };
}
