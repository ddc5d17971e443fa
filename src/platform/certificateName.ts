/**
 * How a client certificate names a service: by the one URI in its subjectAltName (such as a SPIFFE ID) or, without any URI, by
 * its DNS names. Written with their kind, `URI:spiffe://…` and `DNS:…`, so that they cannot be confused. Does not own whether the
 * certificate is valid: TLS verified it.
 */
import { platformLimits } from './limits.ts';

const uriShape = /^[a-z][a-z0-9+.-]*:\/\/[\x21-\x7e]+$/;
const dnsShape = /^(?=.{1,253}$)[a-z0-9_]([a-z0-9_-]*[a-z0-9])?(\.[a-z0-9_]([a-z0-9_-]*[a-z0-9])?)*$/;

/** The name an operator wrote; undefined for a name no certificate can have. */
export function certificateNameOf(text: string): string | undefined {
  if (text.length > platformLimits.certificateNameCharacters || /[",]/.test(text)) return undefined;
  if (uriShape.test(text)) return `URI:${text}`;
  const dns = text.toLowerCase();
  return dnsShape.test(dns) ? `DNS:${dns}` : undefined;
}

/**
 * The names in a subjectAltName as Node.js writes it: `URI:a, DNS:b`. Node.js quotes ambiguous entries (CVE-2021-44532); a
 * certificate with one is refused.
 */
export function certificateNames(subjectAltName = ''): readonly string[] {
  if (subjectAltName.length > platformLimits.certificateNameCharacters * 4 || subjectAltName.includes('"'))
    return [];
  const entries = subjectAltName.split(', ');
  const uris = entries.filter((entry) => entry.startsWith('URI:'));
  // SPIFFE X.509-SVID §2: exactly one URI. With several, the caller could choose its identity.
  if (uris.length > 0) return uris.length === 1 ? uris : [];
  return entries
    .filter((entry) => entry.startsWith('DNS:'))
    .map((entry) => `DNS:${entry.slice(4).toLowerCase()}`);
}
