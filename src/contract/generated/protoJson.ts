export const protoFiles = ["countersign/v1/key_service.proto","countersign/v1/revocation_service.proto","countersign/v1/session_service.proto","countersign/v1/token_service.proto","countersign/v1/user_service.proto"];
export const protoJson = {
 "nested": {
  "countersign": {
   "nested": {
    "v1": {
     "options": {
      "go_package": "countersign/v1;countersignv1"
     },
     "nested": {
      "KeyService": {
       "methods": {
        "ListKeys": {
         "requestType": "ListKeysRequest",
         "responseType": "ListKeysResponse"
        },
        "RotateKey": {
         "requestType": "RotateKeyRequest",
         "responseType": "RotateKeyResponse"
        },
        "RevokeKey": {
         "requestType": "RevokeKeyRequest",
         "responseType": "RevokeKeyResponse"
        },
        "ResealKeys": {
         "requestType": "ResealKeysRequest",
         "responseType": "ResealKeysResponse"
        }
       }
      },
      "KeyState": {
       "values": {
        "KEY_STATE_UNSPECIFIED": 0,
        "KEY_STATE_NEXT": 1,
        "KEY_STATE_ACTIVE": 2,
        "KEY_STATE_RETIRING": 3,
        "KEY_STATE_RETIRED": 4,
        "KEY_STATE_REVOKED": 5
       }
      },
      "Key": {
       "fields": {
        "kid": {
         "type": "string",
         "id": 1
        },
        "state": {
         "type": "KeyState",
         "id": 2
        },
        "createTimeMs": {
         "type": "int64",
         "id": 3
        },
        "activateTimeMs": {
         "type": "int64",
         "id": 4
        },
        "retiringTimeMs": {
         "type": "int64",
         "id": 5
        },
        "retireTimeMs": {
         "type": "int64",
         "id": 6
        },
        "revokeTimeMs": {
         "type": "int64",
         "id": 7
        }
       }
      },
      "ListKeysRequest": {
       "fields": {}
      },
      "ListKeysResponse": {
       "fields": {
        "keys": {
         "rule": "repeated",
         "type": "Key",
         "id": 1
        }
       }
      },
      "RotateKeyRequest": {
       "fields": {}
      },
      "RotateKeyResponse": {
       "fields": {
        "kid": {
         "type": "string",
         "id": 1
        },
        "rotated": {
         "type": "bool",
         "id": 2
        }
       }
      },
      "RevokeKeyRequest": {
       "fields": {
        "kid": {
         "type": "string",
         "id": 1
        }
       }
      },
      "RevokeKeyResponse": {
       "fields": {
        "endedSessions": {
         "type": "int64",
         "id": 1
        },
        "effectTimeMs": {
         "type": "int64",
         "id": 2
        }
       }
      },
      "ResealKeysRequest": {
       "fields": {}
      },
      "ResealKeysResponse": {
       "fields": {
        "signingKeys": {
         "type": "int32",
         "id": 1
        },
        "sessions": {
         "type": "int64",
         "id": 2
        },
        "unreadableSessions": {
         "type": "int64",
         "id": 3
        }
       }
      },
      "RevocationService": {
       "methods": {
        "Revoke": {
         "requestType": "RevokeRequest",
         "responseType": "RevokeResponse"
        },
        "WatchRevocations": {
         "requestType": "WatchRevocationsRequest",
         "requestStream": true,
         "responseType": "WatchRevocationsResponse",
         "responseStream": true
        }
       }
      },
      "WatchRevocationsRequest": {
       "oneofs": {
        "message": {
         "oneof": [
          "start",
          "renew",
          "acknowledge",
          "leave"
         ]
        }
       },
       "fields": {
        "start": {
         "type": "StartWatching",
         "id": 1
        },
        "renew": {
         "type": "RenewLease",
         "id": 2
        },
        "acknowledge": {
         "type": "AcknowledgeRevocations",
         "id": 3
        },
        "leave": {
         "type": "LeaveStream",
         "id": 4
        }
       }
      },
      "StartWatching": {
       "fields": {
        "edgeId": {
         "type": "string",
         "id": 1
        }
       }
      },
      "RenewLease": {
       "fields": {
        "number": {
         "type": "int64",
         "id": 1
        }
       }
      },
      "AcknowledgeRevocations": {
       "fields": {
        "position": {
         "type": "int64",
         "id": 1
        }
       }
      },
      "LeaveStream": {
       "fields": {}
      },
      "WatchRevocationsResponse": {
       "oneofs": {
        "message": {
         "oneof": [
          "started",
          "filterStart",
          "filterBytes",
          "snapshotEnd",
          "revocations",
          "keys",
          "lease",
          "reconnect"
         ]
        }
       },
       "fields": {
        "started": {
         "type": "WatchStarted",
         "id": 1
        },
        "filterStart": {
         "type": "FilterStart",
         "id": 2
        },
        "filterBytes": {
         "type": "FilterBytes",
         "id": 3
        },
        "snapshotEnd": {
         "type": "SnapshotEnd",
         "id": 4
        },
        "revocations": {
         "type": "Revocations",
         "id": 5
        },
        "keys": {
         "type": "PublicKeys",
         "id": 6
        },
        "lease": {
         "type": "GrantLease",
         "id": 7
        },
        "reconnect": {
         "type": "Reconnect",
         "id": 8
        }
       }
      },
      "WatchStarted": {
       "fields": {
        "nodeId": {
         "type": "string",
         "id": 1
        },
        "issuer": {
         "type": "string",
         "id": 2
        },
        "renewalIntervalMs": {
         "type": "int32",
         "id": 3
        },
        "silenceMs": {
         "type": "int32",
         "id": 4
        },
        "sliceMs": {
         "type": "int64",
         "id": 5
        },
        "entries": {
         "type": "int64",
         "id": 6
        }
       }
      },
      "FilterStart": {
       "fields": {
        "ofSessions": {
         "type": "bool",
         "id": 1
        },
        "sliceEndMs": {
         "type": "int64",
         "id": 2
        },
        "capacity": {
         "type": "int64",
         "id": 3
        },
        "entries": {
         "type": "int64",
         "id": 4
        }
       }
      },
      "FilterBytes": {
       "fields": {
        "bytes": {
         "type": "bytes",
         "id": 1
        }
       }
      },
      "SnapshotEnd": {
       "fields": {
        "position": {
         "type": "int64",
         "id": 1
        }
       }
      },
      "Revocations": {
       "fields": {
        "position": {
         "type": "int64",
         "id": 1
        },
        "entries": {
         "rule": "repeated",
         "type": "RevocationEntry",
         "id": 2
        }
       }
      },
      "RevocationEntry": {
       "fields": {
        "subject": {
         "type": "bytes",
         "id": 1
        },
        "expireTimeMs": {
         "type": "int64",
         "id": 2
        },
        "reason": {
         "type": "Reason",
         "id": 3
        },
        "unconfirmed": {
         "type": "bool",
         "id": 4
        }
       }
      },
      "PublicKeys": {
       "fields": {
        "jwks": {
         "type": "string",
         "id": 1
        },
        "ageMs": {
         "type": "int64",
         "id": 2
        }
       }
      },
      "GrantLease": {
       "fields": {
        "number": {
         "type": "int64",
         "id": 1
        },
        "leaseMs": {
         "type": "int64",
         "id": 2
        }
       }
      },
      "Reconnect": {
       "fields": {
        "reason": {
         "type": "ReconnectReason",
         "id": 1
        },
        "graceMs": {
         "type": "int64",
         "id": 2
        }
       }
      },
      "ReconnectReason": {
       "values": {
        "RECONNECT_REASON_UNSPECIFIED": 0,
        "RECONNECT_REASON_DRAINING": 1,
        "RECONNECT_REASON_CONNECTION_AGE": 2
       }
      },
      "RevokeRequest": {
       "oneofs": {
        "target": {
         "oneof": [
          "token",
          "jti",
          "sessionId",
          "userId",
          "external",
          "clientId",
          "kid",
          "filter"
         ]
        }
       },
       "fields": {
        "token": {
         "type": "string",
         "id": 1
        },
        "jti": {
         "type": "string",
         "id": 2
        },
        "sessionId": {
         "type": "string",
         "id": 3
        },
        "userId": {
         "type": "string",
         "id": 4
        },
        "external": {
         "type": "ExternalToken",
         "id": 5
        },
        "clientId": {
         "type": "string",
         "id": 6
        },
        "kid": {
         "type": "string",
         "id": 7
        },
        "filter": {
         "type": "SessionFilter",
         "id": 8
        },
        "requestId": {
         "type": "string",
         "id": 9
        },
        "dryRun": {
         "type": "bool",
         "id": 10
        }
       }
      },
      "SessionFilter": {
       "oneofs": {
        "_userId": {
         "oneof": [
          "userId"
         ]
        },
        "_clientId": {
         "oneof": [
          "clientId"
         ]
        },
        "_createdBeforeMs": {
         "oneof": [
          "createdBeforeMs"
         ]
        },
        "_createdFromMs": {
         "oneof": [
          "createdFromMs"
         ]
        },
        "_ip": {
         "oneof": [
          "ip"
         ]
        }
       },
       "fields": {
        "userId": {
         "type": "string",
         "id": 1,
         "options": {
          "proto3_optional": true
         }
        },
        "clientId": {
         "type": "string",
         "id": 2,
         "options": {
          "proto3_optional": true
         }
        },
        "createdBeforeMs": {
         "type": "int64",
         "id": 3,
         "options": {
          "proto3_optional": true
         }
        },
        "createdFromMs": {
         "type": "int64",
         "id": 4,
         "options": {
          "proto3_optional": true
         }
        },
        "ip": {
         "type": "string",
         "id": 5,
         "options": {
          "proto3_optional": true
         }
        }
       }
      },
      "ExternalToken": {
       "fields": {
        "externalId": {
         "type": "string",
         "id": 1
        },
        "exp": {
         "type": "int64",
         "id": 2
        }
       }
      },
      "RevokeResponse": {
       "fields": {
        "endedSessions": {
         "type": "int32",
         "id": 1
        },
        "effectTimeMs": {
         "type": "int64",
         "id": 2
        },
        "effectDurationUs": {
         "type": "int64",
         "id": 3
        },
        "acknowledgedNodes": {
         "type": "int32",
         "id": 4
        },
        "waitedFor": {
         "rule": "repeated",
         "type": "WaitedForNode",
         "id": 5
        },
        "matchedSessions": {
         "type": "int32",
         "id": 6
        }
       }
      },
      "WaitedForNode": {
       "fields": {
        "nodeId": {
         "type": "string",
         "id": 1
        },
        "outcome": {
         "type": "NodeOutcome",
         "id": 2
        }
       }
      },
      "NodeOutcome": {
       "values": {
        "NODE_OUTCOME_UNSPECIFIED": 0,
        "NODE_OUTCOME_READ": 1,
        "NODE_OUTCOME_LEASE_EXPIRED": 2,
        "NODE_OUTCOME_STOPPED": 3,
        "NODE_OUTCOME_HISTORY_CHANGED": 4
       }
      },
      "TokenService": {
       "methods": {
        "IsRevoked": {
         "requestType": "IsRevokedRequest",
         "responseType": "IsRevokedResponse"
        },
        "BatchIsRevoked": {
         "requestType": "BatchIsRevokedRequest",
         "responseType": "BatchIsRevokedResponse"
        },
        "Introspect": {
         "requestType": "IntrospectRequest",
         "responseType": "IntrospectResponse"
        },
        "BatchIntrospect": {
         "requestType": "BatchIntrospectRequest",
         "responseType": "BatchIntrospectResponse"
        }
       }
      },
      "Reason": {
       "values": {
        "REASON_UNSPECIFIED": 0,
        "REASON_LOGOUT": 1,
        "REASON_LOGOUT_ALL": 2,
        "REASON_SESSION_ENDED": 3,
        "REASON_PASSWORD_CHANGED": 4,
        "REASON_USER_DISABLED": 5,
        "REASON_REFRESH_REPLAYED": 6,
        "REASON_REVOKED": 7,
        "REASON_KEY_REVOKED": 8,
        "REASON_SESSION_LIMIT": 9,
        "REASON_CONTEXT_CHANGED": 10,
        "REASON_USER_DELETED": 11,
        "REASON_SESSION_DELETED": 12,
        "REASON_RESTORED": 13
       }
      },
      "DecidedBy": {
       "values": {
        "DECIDED_BY_UNSPECIFIED": 0,
        "DECIDED_BY_BLOOM": 1,
        "DECIDED_BY_LRU": 2,
        "DECIDED_BY_POSTGRES": 3,
        "DECIDED_BY_REDIS": 4
       }
      },
      "IsRevokedRequest": {
       "fields": {
        "jti": {
         "type": "string",
         "id": 1
        },
        "externalId": {
         "type": "string",
         "id": 2
        },
        "kid": {
         "type": "string",
         "id": 3
        },
        "subject": {
         "type": "bytes",
         "id": 4
        }
       }
      },
      "IsRevokedResponse": {
       "fields": {
        "revoked": {
         "type": "bool",
         "id": 1
        },
        "reason": {
         "type": "Reason",
         "id": 2
        },
        "decidedBy": {
         "type": "DecidedBy",
         "id": 3
        },
        "failure": {
         "type": "Failure",
         "id": 4
        }
       }
      },
      "Failure": {
       "fields": {
        "status": {
         "type": "FailureStatus",
         "id": 1
        },
        "reason": {
         "type": "string",
         "id": 2
        },
        "message": {
         "type": "string",
         "id": 3
        }
       }
      },
      "FailureStatus": {
       "values": {
        "FAILURE_STATUS_UNSPECIFIED": 0,
        "FAILURE_STATUS_INVALID_ARGUMENT": 1,
        "FAILURE_STATUS_UNAVAILABLE": 2,
        "FAILURE_STATUS_INTERNAL": 3
       }
      },
      "BatchIsRevokedRequest": {
       "fields": {
        "jtis": {
         "rule": "repeated",
         "type": "string",
         "id": 1
        },
        "checks": {
         "rule": "repeated",
         "type": "IsRevokedRequest",
         "id": 2
        }
       }
      },
      "BatchIsRevokedResponse": {
       "fields": {
        "results": {
         "rule": "repeated",
         "type": "IsRevokedResponse",
         "id": 1
        }
       }
      },
      "IntrospectRequest": {
       "fields": {
        "token": {
         "type": "string",
         "id": 1
        }
       }
      },
      "IntrospectResponse": {
       "fields": {
        "active": {
         "type": "bool",
         "id": 1
        },
        "iss": {
         "type": "string",
         "id": 2
        },
        "sub": {
         "type": "string",
         "id": 3
        },
        "aud": {
         "type": "string",
         "id": 4
        },
        "exp": {
         "type": "int64",
         "id": 5
        },
        "iat": {
         "type": "int64",
         "id": 6
        },
        "jti": {
         "type": "string",
         "id": 7
        },
        "sid": {
         "type": "string",
         "id": 8
        },
        "ver": {
         "type": "int32",
         "id": 9
        },
        "clientId": {
         "type": "string",
         "id": 10
        },
        "scope": {
         "type": "string",
         "id": 11
        },
        "authTime": {
         "type": "int64",
         "id": 12
        },
        "amr": {
         "rule": "repeated",
         "type": "string",
         "id": 13
        },
        "tokenType": {
         "type": "string",
         "id": 14
        },
        "failure": {
         "type": "Failure",
         "id": 15
        }
       }
      },
      "BatchIntrospectRequest": {
       "fields": {
        "tokens": {
         "rule": "repeated",
         "type": "string",
         "id": 1
        }
       }
      },
      "BatchIntrospectResponse": {
       "fields": {
        "results": {
         "rule": "repeated",
         "type": "IntrospectResponse",
         "id": 1
        }
       }
      },
      "SessionService": {
       "methods": {
        "ListSessions": {
         "requestType": "ListSessionsRequest",
         "responseType": "ListSessionsResponse"
        },
        "EndSession": {
         "requestType": "EndSessionRequest",
         "responseType": "EndSessionResponse"
        }
       }
      },
      "ListSessionsRequest": {
       "fields": {
        "userId": {
         "type": "string",
         "id": 1
        },
        "pageSize": {
         "type": "int32",
         "id": 2
        },
        "pageToken": {
         "type": "string",
         "id": 3
        }
       }
      },
      "ListSessionsResponse": {
       "fields": {
        "sessions": {
         "rule": "repeated",
         "type": "Session",
         "id": 1
        },
        "nextPageToken": {
         "type": "string",
         "id": 2
        }
       }
      },
      "Session": {
       "fields": {
        "sessionId": {
         "type": "string",
         "id": 1
        },
        "userId": {
         "type": "string",
         "id": 2
        },
        "deviceName": {
         "type": "string",
         "id": 3
        },
        "userAgent": {
         "type": "string",
         "id": 4
        },
        "ip": {
         "type": "string",
         "id": 5
        },
        "createTimeMs": {
         "type": "int64",
         "id": 6
        },
        "lastUsedTimeMs": {
         "type": "int64",
         "id": 7
        },
        "expireTimeMs": {
         "type": "int64",
         "id": 8
        },
        "browser": {
         "type": "string",
         "id": 9
        },
        "os": {
         "type": "string",
         "id": 10
        },
        "contextSignals": {
         "rule": "repeated",
         "type": "string",
         "id": 11
        },
        "contextScore": {
         "type": "int32",
         "id": 12
        },
        "contextChangeTimeMs": {
         "type": "int64",
         "id": 13
        },
        "deviceType": {
         "type": "string",
         "id": 14
        }
       }
      },
      "EndSessionRequest": {
       "fields": {
        "sessionId": {
         "type": "string",
         "id": 1
        },
        "requestId": {
         "type": "string",
         "id": 2
        }
       }
      },
      "EndSessionResponse": {
       "fields": {
        "ended": {
         "type": "bool",
         "id": 1
        },
        "effectTimeMs": {
         "type": "int64",
         "id": 2
        }
       }
      },
      "UserService": {
       "methods": {
        "DisableUser": {
         "requestType": "DisableUserRequest",
         "responseType": "DisableUserResponse"
        },
        "EnableUser": {
         "requestType": "EnableUserRequest",
         "responseType": "EnableUserResponse"
        },
        "DeleteUser": {
         "requestType": "DeleteUserRequest",
         "responseType": "DeleteUserResponse"
        }
       }
      },
      "DisableUserRequest": {
       "fields": {
        "userId": {
         "type": "string",
         "id": 1
        },
        "requestId": {
         "type": "string",
         "id": 2
        }
       }
      },
      "DisableUserResponse": {
       "fields": {
        "endedSessions": {
         "type": "int64",
         "id": 1
        }
       }
      },
      "EnableUserRequest": {
       "fields": {
        "userId": {
         "type": "string",
         "id": 1
        },
        "requestId": {
         "type": "string",
         "id": 2
        }
       }
      },
      "EnableUserResponse": {
       "fields": {}
      },
      "DeleteUserRequest": {
       "fields": {
        "userId": {
         "type": "string",
         "id": 1
        },
        "requestId": {
         "type": "string",
         "id": 2
        }
       }
      },
      "DeleteUserResponse": {
       "fields": {
        "endedSessions": {
         "type": "int64",
         "id": 1
        }
       }
      }
     }
    }
   }
  }
 }
};
