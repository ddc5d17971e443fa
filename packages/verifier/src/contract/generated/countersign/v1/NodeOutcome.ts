// Original file: proto/countersign/v1/revocation_service.proto

export const NodeOutcome = {
  NODE_OUTCOME_UNSPECIFIED: 'NODE_OUTCOME_UNSPECIFIED',
  NODE_OUTCOME_READ: 'NODE_OUTCOME_READ',
  NODE_OUTCOME_LEASE_EXPIRED: 'NODE_OUTCOME_LEASE_EXPIRED',
  NODE_OUTCOME_STOPPED: 'NODE_OUTCOME_STOPPED',
  NODE_OUTCOME_HISTORY_CHANGED: 'NODE_OUTCOME_HISTORY_CHANGED',
} as const;

export type NodeOutcome =
  | 'NODE_OUTCOME_UNSPECIFIED'
  | 0
  | 'NODE_OUTCOME_READ'
  | 1
  | 'NODE_OUTCOME_LEASE_EXPIRED'
  | 2
  | 'NODE_OUTCOME_STOPPED'
  | 3
  | 'NODE_OUTCOME_HISTORY_CHANGED'
  | 4

export type NodeOutcome__Output = typeof NodeOutcome[keyof typeof NodeOutcome]
