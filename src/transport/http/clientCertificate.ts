/**
 * The certificate with which the client of a request connected to the proxy that ends TLS (RFC 9440). Owns whom the header is believed.
 * Does not own whether the certificate is valid, nor that the client holds its key: the proxy has checked both.
 */
import { X509Certificate } from 'node:crypto';
import { AuthorityError } from '@countersign/verifier/errors';
import { certificateThumbprint } from '@countersign/verifier/tokens/confirmation';
import type { FastifyRequest } from 'fastify';
import { LRUCache } from 'lru-cache';
import { certificateNames } from '../../platform/certificateName.ts';
import { canonicalIp } from '../../platform/ipAddress.ts';
import { createIpNetworks } from '../../platform/ipNetworks.ts';
import { httpLimits } from './limits.ts';

export interface ClientCertificate {
  /** `x5t#S256` (RFC 8705 §3.1). */
  readonly thumbprint: string;
  /** In its subjectAltName; see `certificateName.ts`. */
  readonly names: readonly string[];
}

/** Undefined without one, and from anybody but a trusted proxy. Throws `invalid_request` for a header that is no certificate. */
export type ReadClientCertificate = (
  request: Pick<FastifyRequest, 'socket' | 'headers'>,
) => ClientCertificate | undefined;

export function createClientCertificates(parts: {
  readonly trustedProxies: readonly string[];
  /** Where clients connect with certificates; without it the header is nobody's. */
  readonly mtlsUrl: string | undefined;
}): ReadClientCertificate {
  if (parts.mtlsUrl === undefined) return () => undefined;
  const trusted = createIpNetworks(parts.trustedProxies);
  const known = new LRUCache<string, ClientCertificate>({ max: httpLimits.clientCertificatesKnown });
  return ({ socket, headers }) => {
    const text = headers['client-cert'];
    const peer = canonicalIp(socket.remoteAddress ?? '');
    if (text === undefined || text === '' || peer === undefined || !trusted.includes(peer)) return undefined;
    const found = known.get(String(text)) ?? read(String(text));
    known.set(String(text), found);
    return found;
  };
}

function read(text: string): ClientCertificate {
  try {
    const { raw, subjectAltName } = new X509Certificate(bytesOf(text));
    return { thumbprint: certificateThumbprint(raw), names: certificateNames(subjectAltName) };
  } catch (cause) {
    throw new AuthorityError('invalid_request', {
      ...{ detail: 'Client-Cert: must be one certificate, as RFC 9440 §2.1 writes it', cause },
      reason: 'client_certificate',
    });
  }
}

/** RFC 9440 §2.1: DER as a byte sequence of RFC 8941, `:…:`. nginx can only write PEM, escaped for URLs. */
function bytesOf(text: string): Buffer | string {
  const [, base64] = /^:([A-Za-z0-9+/]+={0,2}):$/.exec(text) ?? [];
  if (base64 !== undefined) return Buffer.from(base64, 'base64');
  const pem = decodeURIComponent(text);
  if (/^-----BEGIN CERTIFICATE-----\n[A-Za-z0-9+/=\n]+-----END CERTIFICATE-----\n?$/.test(pem)) return pem;
  throw new Error('neither of both forms');
}
