/**
 * Error details (`grpc-status-details-bin`): a google.rpc.Status with an ErrorInfo, whose reason is stable, and a RetryInfo when
 * the retry time is known. Described here instead of loaded with our contract, so that reflection shows only our messages.
 */

import type { AuthorityError } from '@countersign/verifier/errors';
import { fromJSON, type MessageTypeDefinition } from '@grpc/proto-loader';

export const errorDomain = 'countersign';

/** A map field: the description's type has no member for it. */
const texts = { keyType: 'string', type: 'string', id: 3 };

/** The used part of googleapis google/rpc/status.proto and google/rpc/error_details.proto. */
const described = fromJSON({
  nested: {
    Any: { fields: { typeUrl: { type: 'string', id: 1 }, value: { type: 'bytes', id: 2 } } },
    Duration: { fields: { seconds: { type: 'int64', id: 1 } } },
    Status: {
      fields: {
        code: { type: 'int32', id: 1 },
        message: { type: 'string', id: 2 },
        details: { rule: 'repeated', type: 'Any', id: 3 },
      },
    },
    ErrorInfo: {
      fields: {
        reason: { type: 'string', id: 1 },
        domain: { type: 'string', id: 2 },
        metadata: texts,
      },
    },
    RetryInfo: { fields: { retryDelay: { type: 'Duration', id: 1 } } },
  },
});

/** The encoded google.rpc.Status. */
export function errorDetails(code: number, message: string, error: AuthorityError): Buffer {
  const [first] = error.errors ?? [];
  const metadata = first === undefined ? {} : { field: first.field, rule: first.rule };
  const info = { reason: error.code.toUpperCase(), domain: errorDomain, metadata };
  const { retryAfterSeconds: seconds } = error;
  return encode('Status', {
    code,
    message,
    details: [any('ErrorInfo', info), ...(seconds ? [any('RetryInfo', { retryDelay: { seconds } })] : [])],
  });
}

function any(type: 'ErrorInfo' | 'RetryInfo', value: object) {
  return { typeUrl: `type.googleapis.com/google.rpc.${type}`, value: encode(type, value) };
}

function encode(type: string, value: object): Buffer {
  const definition = described[type] as MessageTypeDefinition<object, object>;
  return definition.serialize(value);
}
