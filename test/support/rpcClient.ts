/** Any method of the contract, called as a program outside would: by the generated stubs. */

import { loadContract } from '@countersign/verifier/contract/contract';
import { serviceNames } from '@countersign/verifier/contract/definitions';
import {
  type ChannelCredentials,
  type Client,
  credentials,
  Metadata,
  type ServiceError,
  status,
} from '@grpc/grpc-js';
import { fromJSON, type MessageTypeDefinition } from '@grpc/proto-loader';

const { v1 } = loadContract();

export interface RpcOptions {
  /** Sent as the bearer token instead of the client's own; an empty one means none. */
  readonly token?: string;
  readonly milliseconds?: number;
  readonly metadata?: Readonly<Record<string, string>>;
}

// biome-ignore lint/suspicious/noExplicitAny: tests look into answers of every shape
export type RpcAnswer = any;

export interface RpcClient {
  /** Rejects with a `ServiceError`. */
  call(method: string, request: object, options?: RpcOptions): Promise<RpcAnswer>;
  /** Starts a call and cancels it. */
  cancel(method: string, request: object): Promise<RpcAnswer>;
  close(): void;
}

type Start = (
  request: object,
  metadata: Metadata,
  options: object,
  done: (error: ServiceError | null, answer: unknown) => void,
) => { cancel(): void };

export function createRpcClient(
  address: string,
  ownToken: string,
  channel: ChannelCredentials = credentials.createInsecure(),
  options: object = {},
): RpcClient {
  const clients = serviceNames.map((name) => new v1[name](address, channel, options) as unknown as Client);
  const start = (
    method: string,
    request: object,
    options: RpcOptions,
    use: (call: { cancel(): void }) => void,
  ) => {
    const { token = ownToken, milliseconds, metadata: more = {} } = options;
    const metadata = new Metadata();
    if (token !== '') metadata.set('authorization', `Bearer ${token}`);
    for (const [name, value] of Object.entries(more)) metadata.set(name, value);
    const deadline = milliseconds === undefined ? {} : { deadline: Date.now() + milliseconds };
    const client = clients.find((each) => method in each);
    if (client === undefined) throw new Error(`no method ${method}`);
    const stub = (client as unknown as Record<string, Start>)[method] as Start;
    return new Promise<RpcAnswer>((resolve, reject) => {
      const done = (error: ServiceError | null, answer: unknown) =>
        error === null ? resolve(answer) : reject(error);
      use(stub.call(client, request, metadata, deadline, done));
    });
  };
  return {
    call: (method, request, options = {}) => start(method, request, options, () => {}),
    cancel: (method, request) => start(method, request, {}, (call) => call.cancel()),
    close() {
      for (const client of clients) client.close();
    },
  };
}

/** google.rpc, as another program would have it. */
const rpc = fromJSON(
  {
    nested: {
      Any: { fields: { typeUrl: { type: 'string', id: 1 }, value: { type: 'bytes', id: 2 } } },
      Duration: { fields: { seconds: { type: 'int64', id: 1 }, nanos: { type: 'int32', id: 2 } } },
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
          metadata: { keyType: 'string', type: 'string', id: 3 } as object as { type: string; id: number },
        },
      },
      RetryInfo: { fields: { retryDelay: { type: 'Duration', id: 1 } } },
    },
  },
  { longs: Number },
);

function decode(type: string, bytes: Buffer): RpcAnswer {
  return (rpc[type] as MessageTypeDefinition<object, object>).deserialize(bytes);
}

/** What an error says about itself to programs: the status, and its details by the names of their types. */
export function detailsOf(bytes: Buffer): RpcAnswer {
  const { code, message, details } = decode('Status', bytes);
  const found = (details as { typeUrl: string; value: Buffer }[]).map(({ typeUrl, value }) => {
    const name = typeUrl.replace('type.googleapis.com/google.rpc.', '');
    return [name, decode(name, value)];
  });
  return { code, message, ...Object.fromEntries(found) };
}

export interface Refusal {
  readonly code: string;
  readonly details: string;
  /** Of its ErrorInfo. */
  readonly reason: string;
  readonly domain: string;
  readonly field: string | undefined;
  readonly retrySeconds: number | undefined;
}

/** The refusal of a call that must not succeed. */
export async function refusalOf(call: Promise<unknown>): Promise<Refusal> {
  const error = await call.then(
    (answer) => {
      throw new Error(`it was answered: ${JSON.stringify(answer)}`);
    },
    (error: ServiceError) => error,
  );
  const [bytes] = error.metadata.get('grpc-status-details-bin');
  const said = bytes === undefined ? {} : detailsOf(bytes as Buffer);
  return {
    code: status[error.code] ?? String(error),
    details: error.details,
    reason: said.ErrorInfo?.reason ?? '',
    domain: said.ErrorInfo?.domain ?? '',
    field: said.ErrorInfo?.metadata?.field,
    retrySeconds: said.RetryInfo?.retryDelay?.seconds,
  };
}
