// Original file: proto/countersign/v1/revocation_service.proto


export interface StartWatching {
  'edgeId'?: (string);
}

export interface StartWatching__Output {
  'edgeId': (string);
}
