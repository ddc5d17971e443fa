/** With what the gRPC interface proves who it is, and whom it believes. */
import { readFile } from 'node:fs/promises';
import { createSecureContext } from 'node:tls';
import { ServerCredentials } from '@grpc/grpc-js';
import type { GrpcTls } from '../config/config.ts';
import { StartupError } from '../core/errors.ts';

export async function credentials(tls: GrpcTls | undefined): Promise<ServerCredentials> {
  if (tls === undefined) return ServerCredentials.createInsecure();
  const [certificate, privateKey, clientCa] = await Promise.all([
    readPem('GRPC_TLS_CERT', tls.certificatePath),
    readPem('GRPC_TLS_KEY', tls.privateKeyPath),
    tls.clientCaPath === undefined ? null : readPem('GRPC_TLS_CLIENT_CA', tls.clientCaPath),
  ]);
  const pair = { cert_chain: certificate, private_key: privateKey };
  try {
    createSecureContext({
      cert: certificate,
      key: privateKey,
      ...(clientCa === null ? {} : { ca: clientCa }),
    });
  } catch (cause) {
    throw new StartupError(
      `GRPC_TLS_*: not a certificate with its private key: ${(cause as Error).message}`,
      { cause },
    );
  }
  return ServerCredentials.createSsl(clientCa, [pair], clientCa !== null);
}

async function readPem(setting: string, path: string): Promise<Buffer> {
  try {
    return await readFile(path);
  } catch (cause) {
    throw new StartupError(`${setting}: ${path} cannot be read: ${(cause as Error).message}`, { cause });
  }
}
