// Original file: proto/countersign/v1/user_service.proto


export interface StopFactorsResetResponse {
  'stopped'?: (boolean);
}

export interface StopFactorsResetResponse__Output {
  'stopped': (boolean);
}
