// Original file: proto/countersign/v1/key_service.proto

export const KeyState = {
  KEY_STATE_UNSPECIFIED: 'KEY_STATE_UNSPECIFIED',
  KEY_STATE_NEXT: 'KEY_STATE_NEXT',
  KEY_STATE_ACTIVE: 'KEY_STATE_ACTIVE',
  KEY_STATE_RETIRING: 'KEY_STATE_RETIRING',
  KEY_STATE_RETIRED: 'KEY_STATE_RETIRED',
  KEY_STATE_REVOKED: 'KEY_STATE_REVOKED',
} as const;

export type KeyState =
  | 'KEY_STATE_UNSPECIFIED'
  | 0
  | 'KEY_STATE_NEXT'
  | 1
  | 'KEY_STATE_ACTIVE'
  | 2
  | 'KEY_STATE_RETIRING'
  | 3
  | 'KEY_STATE_RETIRED'
  | 4
  | 'KEY_STATE_REVOKED'
  | 5

export type KeyState__Output = typeof KeyState[keyof typeof KeyState]
