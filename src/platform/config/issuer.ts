/** Issuers and origins: others compare them as text, so each has one spelling. */
import { isIPv4, isIPv6 } from 'node:net';
import { platformLimits } from '../limits.ts';
import { isUrl, type Kind, listOf } from './kinds.ts';

/** RFC 8414 §2 requires https without query and fragment; plain http is for trials on one machine. */
export const issuer: Kind<string> = {
  form: 'an absolute https URL (http only on a loopback host) without query, fragment and trailing slash',
  read: (text) => (isUrl(text, 'https', 'http') ? text : undefined),
  broken: (text) => [issuerFault(text)],
};

/** RFC 6454 §6.2. */
export const origins: Kind<readonly string[]> = {
  ...listOf(
    `1–${platformLimits.corsOrigins} origins as browsers write them, separated by commas: \`https://app.example.com\` (http only on a loopback host; no path, no wildcard, no \`null\`)`,
    (text) => text || undefined,
    platformLimits.corsOrigins,
  ),
  broken: (each) =>
    each.map((origin, index) => {
      const fault = originFault(origin);
      return fault && `hold origins only; number ${index + 1} must ${fault}`;
    }),
};

/** What is posted there holds codes. */
export const webhookUrl: Kind<string> = {
  form: 'an https URL (http only on a loopback host) without user info and fragment',
  read(text) {
    if (!isUrl(text, 'https', 'http')) return undefined;
    const url = new URL(text);
    return isPlainOnNetwork(url) || text.includes('@') || url.hash !== '' ? undefined : text;
  },
};

function issuerFault(text: string): string | undefined {
  if (/[?#]/.test(text)) return 'have neither query nor fragment (RFC 8414 §2)';
  const url = new URL(text);
  if (url.username !== '' || url.password !== '' || text.includes('@')) return 'hold no user info';
  if (text.endsWith('/')) return 'not end in a slash: the exact text is `iss`';
  if (isPlainOnNetwork(url)) return 'be https, since its host is not a loopback address (RFC 8414 §2)';
  if ((url.pathname === '/' ? url.origin : url.href) === text) return undefined;
  return 'be written as URL parsers write it (lower case, no default port)';
}

function originFault(text: string): string | undefined {
  if (!isUrl(text, 'https', 'http')) return 'begin with https:// and a host';
  if (text.includes('*')) return 'be one origin: there are no wildcards';
  const url = new URL(text);
  if (isPlainOnNetwork(url))
    return 'be https, since its host is not a loopback address: an attacker on the network could act for it';
  // Browsers send exactly this text.
  if (url.origin === text) return undefined;
  return 'be written as browsers do: scheme, host in lower case, a port unless it is the default one, and nothing after it';
}

const isPlainOnNetwork = (url: URL) => url.protocol === 'http:' && !isLoopback(url.hostname);

/** The default issuer; only valid when listening on a loopback host. */
export function defaultIssuer(host: string, port: number): string {
  return new URL(`http://${isIPv6(host) ? `[${host}]` : host}:${port}`).origin;
}

/** 127.0.0.0/8, ::1 (with or without brackets) and `localhost`; no other name, whatever it resolves to. */
export function isLoopback(host: string): boolean {
  if (isIPv4(host)) return host.startsWith('127.');
  return ['localhost', '::1', '[::1]'].includes(host.toLowerCase());
}
