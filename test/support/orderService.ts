/** A client of the gRPC service in examples/, as a caller of that service would have it. */
import { pathToFileURL } from 'node:url';
import {
  credentials,
  Metadata,
  makeGenericClientConstructor,
  type ServiceError,
  status,
} from '@grpc/grpc-js';
import { inCheckout } from './checkout.ts';

export interface OrderServiceClient {
  /** The answer, or the name of the status of the error. */
  call(method: string, token?: string): Promise<unknown>;
  isReady(): Promise<boolean>;
  close(): void;
}

export async function createOrderServiceClient(address: string): Promise<OrderServiceClient> {
  const path = pathToFileURL(inCheckout('examples/orderService.mjs')).href;
  const { orderService } = (await import(path)) as {
    orderService: Parameters<typeof makeGenericClientConstructor>[0];
  };
  const Client = makeGenericClientConstructor(orderService, 'OrderService');
  const client = new Client(address, credentials.createInsecure());
  const call: OrderServiceClient['call'] = (method, token) => {
    const metadata = new Metadata();
    if (token !== undefined) metadata.set('authorization', `Bearer ${token}`);
    return new Promise((resolve) => {
      const start = client[method] as (...parameters: unknown[]) => void;
      start.call(client, {}, metadata, (error: ServiceError | null, answer: unknown) =>
        resolve(error === null ? answer : status[error.code]),
      );
    });
  };
  return {
    call,
    isReady: async () => ((await call('Ready')) as { ready?: boolean }).ready === true,
    close: () => client.close(),
  };
}
