/**
 * This node's certificate for Redis, and the CAs it trusts. The files are read for each connection, so that replacing a
 * certificate needs no restart; an unreadable file leaves the previous one in use.
 */
import { readFileSync } from 'node:fs';
import { createSecureContext } from 'node:tls';
import { StartupError } from '@countersign/verifier/errors';
import type { RedisTls } from '../../platform/config/config.ts';

export interface TlsFiles {
  /** Its members are read for each connection. `servername`: the name that the certificate must have, if any. */
  options(servername?: string): {
    readonly ca: Buffer | undefined;
    readonly cert: Buffer | undefined;
    readonly key: Buffer | undefined;
    readonly servername?: string;
  };
}

/** Throws `StartupError` when they are unusable now. */
export function openTlsFiles(paths: RedisTls | undefined): TlsFiles {
  const ca = openFile('REDIS_TLS_CA', paths?.caPath);
  const cert = openFile('REDIS_TLS_CERT', paths?.certificatePath);
  const key = openFile('REDIS_TLS_KEY', paths?.privateKeyPath);
  try {
    createSecureContext({ ca: ca(), cert: cert(), key: key() });
  } catch (cause) {
    const { message } = cause as Error;
    throw new StartupError(`REDIS_TLS_*: not certificates, or not the private key of one: ${message}`, {
      cause,
    });
  }
  return {
    options: (servername) => ({
      get ca() {
        return ca();
      },
      get cert() {
        return cert();
      },
      get key() {
        return key();
      },
      ...(servername === undefined ? {} : { servername }),
    }),
  };
}

function openFile(setting: string, path: string | undefined): () => Buffer | undefined {
  if (path === undefined) return () => undefined;
  let last: Buffer;
  try {
    last = readFileSync(path);
  } catch (cause) {
    throw new StartupError(`${setting}: ${path} cannot be read: ${(cause as Error).message}`, { cause });
  }
  return () => {
    try {
      last = readFileSync(path);
    } catch {
      // Perhaps being replaced; a connection that needs the new one reports it.
    }
    return last;
  };
}
