/** KeyService: translate, call one flow, translate back. The contract is in proto/countersign/v1. */
import type { Service } from '../authn/service.ts';
import type { Key } from '../contract/generated/countersign/v1/Key.ts';
import type { ListKeysResponse } from '../contract/generated/countersign/v1/ListKeysResponse.ts';
import type { ResealKeysResponse } from '../contract/generated/countersign/v1/ResealKeysResponse.ts';
import type { RevokeKeyRequest__Output } from '../contract/generated/countersign/v1/RevokeKeyRequest.ts';
import type { RevokeKeyResponse } from '../contract/generated/countersign/v1/RevokeKeyResponse.ts';
import type { RotateKeyResponse } from '../contract/generated/countersign/v1/RotateKeyResponse.ts';
import { invalidField } from '../core/errors.ts';
import type { ListedKey, ListKeys } from '../flows/listKeys.ts';
import type { ResealKeys } from '../flows/resealKeys.ts';
import type { RevokeKey } from '../flows/revokeKey.ts';
import type { RotateKey } from '../flows/rotateKey.ts';
import type { SigningKeyState } from '../keys/signingKeyStore.ts';
import { originOf } from './callers.ts';

export interface KeyServiceFlows {
  readonly listKeys: ListKeys;
  readonly rotateKey: RotateKey;
  readonly revokeKey: RevokeKey;
  readonly resealKeys: ResealKeys;
}

export function createKeyService({ listKeys, rotateKey, revokeKey, resealKeys }: KeyServiceFlows) {
  return {
    async ListKeys(): Promise<ListKeysResponse> {
      return { keys: (await listKeys()).map(toKey) };
    },

    RotateKey: (_request: unknown, caller: Service): Promise<RotateKeyResponse> =>
      rotateKey(originOf(caller)),

    async RevokeKey({ kid }: RevokeKeyRequest__Output, caller: Service): Promise<RevokeKeyResponse> {
      if (kid === '') throw invalidField('kid', 'required', 'is required');
      const { endedSessions, effectAt } = await revokeKey(kid, originOf(caller));
      return { endedSessions, effectTimeMs: effectAt };
    },

    async ResealKeys(_request: unknown, caller: Service): Promise<ResealKeysResponse> {
      const { signingKeys, sessions, unreadable } = await resealKeys(originOf(caller));
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
