/** What may be an issuer: the exact string is compared by every verifier, so it must have one spelling. */
import { isIPv4, isIPv6 } from 'node:net';

/**
 * The rule that an http(s) URL breaks as an issuer, completing "must …"; `undefined` when it breaks none.
 * RFC 8414 §2 wants https without query and fragment; plain http is for trying things out on one machine.
 */
export function issuerFault(issuer: string): string | undefined {
  if (/[?#]/.test(issuer)) return 'have neither query nor fragment (RFC 8414 §2)';
  const url = new URL(issuer);
  if (url.username !== '' || url.password !== '' || issuer.includes('@')) return 'hold no user info';
  if (issuer.endsWith('/')) return 'not end in a slash: the exact text is `iss`';
  if (url.protocol === 'http:' && !isLoopback(url.hostname)) {
    return 'be https, since its host is not a loopback address (RFC 8414 §2)';
  }
  const canonical = url.pathname === '/' ? url.origin : url.href;
  return canonical === issuer
    ? undefined
    : 'be written as URL parsers write it (lower case, no default port)';
}

/** The rule that a text breaks as an origin (RFC 6454 §6.2), completing "must …"; `undefined` when it breaks none. */
export function originFault(origin: string): string | undefined {
  if (!/^https?:\/\//.test(origin) || !URL.canParse(origin)) return 'begin with https:// and a host';
  if (origin.includes('*')) return 'be one origin: there are no wildcards';
  const url = new URL(origin);
  if (url.protocol === 'http:' && !isLoopback(url.hostname)) {
    return 'be https, since its host is not a loopback address: whoever is on the way could act for it';
  }
  // Browsers send exactly this text, and it is compared as text.
  return url.origin === origin
    ? undefined
    : 'be written as browsers do: scheme, host in lower case, a port unless it is the default one, and nothing after it';
}

/** The issuer of an authority that was given none; only good when it listens on a loopback host. */
export function defaultIssuer(host: string, port: number): string {
  const hostname = isIPv6(host) ? `[${host}]` : host;
  return new URL(`http://${hostname}:${port}`).origin;
}

/** 127.0.0.0/8, ::1 (with or without brackets) and `localhost`; no other name, whatever it may resolve to. */
export function isLoopback(host: string): boolean {
  if (isIPv4(host)) return host.startsWith('127.');
  return ['localhost', '::1', '[::1]'].includes(host.toLowerCase());
}
