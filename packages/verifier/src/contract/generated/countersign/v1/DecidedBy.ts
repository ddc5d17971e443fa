// Original file: proto/countersign/v1/token_service.proto

export const DecidedBy = {
  DECIDED_BY_UNSPECIFIED: 'DECIDED_BY_UNSPECIFIED',
  DECIDED_BY_BLOOM: 'DECIDED_BY_BLOOM',
  DECIDED_BY_LRU: 'DECIDED_BY_LRU',
  DECIDED_BY_POSTGRES: 'DECIDED_BY_POSTGRES',
  DECIDED_BY_REDIS: 'DECIDED_BY_REDIS',
} as const;

export type DecidedBy =
  | 'DECIDED_BY_UNSPECIFIED'
  | 0
  | 'DECIDED_BY_BLOOM'
  | 1
  | 'DECIDED_BY_LRU'
  | 2
  | 'DECIDED_BY_POSTGRES'
  | 3
  | 'DECIDED_BY_REDIS'
  | 4

export type DecidedBy__Output = typeof DecidedBy[keyof typeof DecidedBy]
