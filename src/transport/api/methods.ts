/** The methods of the gRPC interface, as the slices declare them, for calls over HTTP. */
import type { Clock } from '@countersign/verifier/clock';
import type { Contract } from '@countersign/verifier/contract/contract';
import { packageDefinition } from '@countersign/verifier/contract/definitions';
import { protoJson } from '@countersign/verifier/contract/generated/protoJson';
import { AuthorityError } from '@countersign/verifier/errors';
import type { CallReports } from '../grpc/callReports.ts';
import { type MethodRow, rowOf } from '../grpc/methodRow.ts';
import type { Answer, Watch } from '../grpc/rpc.ts';
import type { GrpcMount, GrpcService } from '../grpc/server.ts';
import { fromJson, toJson } from './json.ts';

export interface ApiMethod {
  readonly row: MethodRow;
  /** Throws `invalid_request` naming the field. */
  read(body: unknown): Request;
  write(response: unknown): object;
  /** One of the two. */
  readonly answer: Answer<Request, unknown> | undefined;
  readonly watch: Watch<Request, unknown> | undefined;
}

/** In the form that handlers are given. */
export type Request = Readonly<Record<string, unknown>>;
/** By service and method. Undefined: there is none. */
export type FindMethod = (service: string, method: string) => ApiMethod | undefined;

interface Handled {
  readonly method: string;
  readonly answer?: Answer<never, unknown>;
  readonly watch?: Watch<never, unknown>;
}

export function createApiMethods(parts: {
  readonly services: readonly GrpcService[];
  readonly v1: Contract['v1'];
  readonly clock: Clock;
  readonly report: CallReports['report'];
}): FindMethod {
  const { services, ...ofMount } = parts;
  const found = new Map<string, ApiMethod>();
  for (const { methods, mount } of services) {
    const add = (definition: object, handlers: object) => {
      for (const [method, { path }] of Object.entries(definition) as [string, { path: string }][]) {
        const handled = (handlers as Readonly<Record<string, unknown>>)[method] as Handled;
        found.set(nameOf(path), {
          row: rowOf(methods, method),
          ...translation(path),
          ...handlersOf(handled),
        });
      }
    };
    // The handlers are kept as they are; the frame of gRPC and its short way are not used.
    const kept = {
      unary: (method: string, answer: unknown) => ({ method, answer }),
      watch: (method: string, watch: unknown) => ({ method, watch }),
      stream: (method: string) => ({ method }),
      addWhole() {},
    };
    mount({ ...ofMount, ...kept, add } as unknown as GrpcMount);
  }
  return (service, method) => found.get(`${service}/${method}`);
}

function nameOf(path: string): string {
  return path.replace('/countersign.v1.', '');
}

/** A caller that sends messages one after another cannot do so over HTTP. */
function handlersOf({ answer, watch }: Handled): Pick<ApiMethod, 'answer' | 'watch'> {
  return {
    answer: answer as unknown as ApiMethod['answer'],
    watch: watch as unknown as ApiMethod['watch'],
  };
}

type Codec = Readonly<
  Record<'requestSerialize' | 'responseSerialize', (message: object) => Buffer> &
    Record<'requestDeserialize' | 'responseDeserialize', (bytes: Buffer) => Request>
>;
type Types = { readonly requestType: string; readonly responseType: string };

const definitions = packageDefinition() as unknown as Readonly<
  Record<string, Readonly<Record<string, Codec>>>
>;
const described = protoJson.nested.countersign.nested.v1.nested as unknown as Readonly<
  Record<string, { readonly methods?: Readonly<Record<string, Types>> }>
>;

/** By way of the bytes of gRPC: defaults and checks of encoding are then the same. */
function translation(path: string): Pick<ApiMethod, 'read' | 'write'> {
  const [service = '', method = ''] = nameOf(path).split('/');
  const codec = definitions[`countersign.v1.${service}`]?.[method];
  const types = described[service]?.methods?.[method];
  if (codec === undefined || types === undefined) throw new Error(`${path} is not in the contract`);
  return {
    read: (body) => codec.requestDeserialize(codec.requestSerialize(fromJson(types.requestType, body))),
    write: (response) =>
      toJson(types.responseType, codec.responseDeserialize(codec.responseSerialize(response as object))),
  };
}

export function requireMethod(found: ApiMethod | undefined): ApiMethod {
  if (found === undefined) throw new AuthorityError('not_found', { detail: 'There is no such method.' });
  if (found.answer !== undefined || found.watch !== undefined) return found;
  throw new AuthorityError('unimplemented', {
    detail: 'This method takes a stream of messages: call it over gRPC.',
  });
}
