/**
 * The gRPC interface's certificate, and the CAs of its clients. The files are read again regularly, so that replacing a
 * certificate needs no restart; after a fault, the previous ones stay in use and the log says so.
 */
import { X509Certificate } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { createSecureContext } from 'node:tls';
import type { Clock } from '@countersign/verifier/clock';
import { StartupError } from '@countersign/verifier/errors';
import { experimental, ServerCredentials } from '@grpc/grpc-js';
import type { GrpcTls } from '../../platform/config/config.ts';
import type { Log } from '../../platform/observability/log.ts';
import { grpcLimits } from './limits.ts';

interface Certificates {
  readonly certificate: Buffer;
  readonly privateKey: Buffer;
  readonly clientCa: Buffer | undefined;
}

export interface ServerIdentity {
  readonly credentials: ServerCredentials;
  /** Stops reading the files. */
  close(): void;
}

/** Throws `StartupError` when nothing is usable. Without TLS settings, plain text. */
export async function openServerIdentity(parts: {
  readonly tls: GrpcTls | undefined;
  readonly clock: Pick<Clock, 'every'>;
  readonly log: Log;
}): Promise<ServerIdentity> {
  const { tls, clock, log } = parts;
  if (tls === undefined) return { credentials: ServerCredentials.createInsecure(), close: () => {} };
  let current = await read(tls);
  const provider = createProvider(current);
  /** The last fault, and whether it was logged. */
  let fault: { readonly message: string; said: boolean } | undefined;
  const look = async () => {
    try {
      const found = await read(tls);
      if (fault?.said) log.info('the TLS files of the gRPC interface can be used again');
      fault = undefined;
      if (same(found, current)) return;
      current = found;
      provider.update(found);
      log.info('the TLS files of the gRPC interface have changed and are used from now on');
    } catch (error) {
      const { message } = error as Error;
      // Logged the second time: between a new certificate and its key, one read may see only one of them.
      if (fault?.message === message && !fault.said) {
        fault.said = true;
        log.error(
          { err: error },
          'the TLS files of the gRPC interface cannot be used; the previous ones stay in use',
        );
      } else if (fault?.message !== message) fault = { message, said: false };
    }
  };
  return {
    credentials: experimental.createCertificateProviderServerCredentials(
      provider,
      tls.clientCaPath === undefined ? null : provider,
      tls.clientCaPath !== undefined,
    ),
    close: clock.every(grpcLimits.certificatesMilliseconds, look),
  };
}

/** Provides the certificates that we read and checked; the library's own provider stops serving when a file is missing. */
function createProvider(first: Certificates) {
  let current = first;
  const caListeners = new Set<experimental.CaCertificateUpdateListener>();
  const identityListeners = new Set<experimental.IdentityCertificateUpdateListener>();
  const ca = () => (current.clientCa === undefined ? null : { caCertificate: current.clientCa });
  const identity = () => ({ certificate: current.certificate, privateKey: current.privateKey });
  return {
    // Deferred: the library does not listen yet while it adds these.
    addCaCertificateListener(listener: experimental.CaCertificateUpdateListener) {
      caListeners.add(listener);
      queueMicrotask(() => listener(ca()));
    },
    removeCaCertificateListener: (listener: experimental.CaCertificateUpdateListener) =>
      void caListeners.delete(listener),
    addIdentityCertificateListener(listener: experimental.IdentityCertificateUpdateListener) {
      identityListeners.add(listener);
      queueMicrotask(() => listener(identity()));
    },
    removeIdentityCertificateListener: (listener: experimental.IdentityCertificateUpdateListener) =>
      void identityListeners.delete(listener),
    update(next: Certificates) {
      current = next;
      for (const listener of caListeners) listener(ca());
      for (const listener of identityListeners) listener(identity());
    },
  };
}

function same(one: Certificates, other: Certificates): boolean {
  const bytes = ({ certificate, privateKey, clientCa }: Certificates) =>
    [certificate, privateKey, clientCa ?? Buffer.alloc(0)] as const;
  const others = bytes(other);
  return bytes(one).every((each, index) => Buffer.compare(each, others[index] ?? Buffer.alloc(0)) === 0);
}

async function read(tls: GrpcTls): Promise<Certificates> {
  const [certificate, privateKey, clientCa] = await Promise.all([
    readPem('GRPC_TLS_CERT', tls.certificatePath),
    readPem('GRPC_TLS_KEY', tls.privateKeyPath),
    tls.clientCaPath === undefined ? undefined : readPem('GRPC_TLS_CLIENT_CA', tls.clientCaPath),
  ]);
  try {
    createSecureContext({ cert: certificate, key: privateKey });
  } catch (cause) {
    throw new StartupError(
      `GRPC_TLS_*: not a certificate with its private key: ${(cause as Error).message}`,
      { cause },
    );
  }
  if (clientCa !== undefined) requireCertificates('GRPC_TLS_CLIENT_CA', clientCa);
  return { certificate, privateKey, clientCa };
}

const pemBlock = /-----BEGIN CERTIFICATE-----[^-]*-----END CERTIFICATE-----/g;

/** TLS would silently skip a malformed certificate, and then trust nobody. */
function requireCertificates(setting: string, pem: Buffer): void {
  try {
    const blocks = pem.toString('latin1').match(pemBlock) ?? [];
    if (blocks.length === 0) throw new Error('it holds no certificate');
    for (const block of blocks) new X509Certificate(block);
  } catch (cause) {
    throw new StartupError(`${setting}: not certificates: ${(cause as Error).message}`, { cause });
  }
}

async function readPem(setting: string, path: string): Promise<Buffer> {
  try {
    return await readFile(path);
  } catch (cause) {
    throw new StartupError(`${setting}: ${path} cannot be read: ${(cause as Error).message}`, { cause });
  }
}
