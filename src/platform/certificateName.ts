/**
 * How a client certificate names a service: by the one URI in its subjectAltName (a SPIFFE ID is one), or, without any URI,
 * by its DNS names. Written with their kind, `URI:spiffe://…` and `DNS:…`, so that neither can pass for the other. Does not
 * own whether the certificate is good: TLS has verified it.
 */
import { platformLimits } from './limits.ts';

const uriShape = /^[a-z][a-z0-9+.-]*:\/\/[\x21-\x7e]+$/;
const dnsShape = /^(?=.{1,253}$)[a-z0-9_]([a-z0-9_-]*[a-z0-9])?(\.[a-z0-9_]([a-z0-9_-]*[a-z0-9])?)*$/;

/** The name that an operator wrote; undefined for what no certificate could hold. */
export function certificateNameOf(text: string): string | undefined {
  if (text.length > platformLimits.certificateNameCharacters || /[",]/.test(text)) return undefined;
  if (uriShape.test(text)) return `URI:${text}`;
  const dns = text.toLowerCase();
  return dnsShape.test(dns) ? `DNS:${dns}` : undefined;
}

/**
 * The names in a subjectAltName as Node writes it: `URI:a, DNS:b`. It quotes what could be mistaken for several entries
 * (CVE-2021-44532); whoever has a certificate with such an entry is nobody that we know.
 */
export function certificateNames(subjectAltName = ''): readonly string[] {
  if (subjectAltName.length > platformLimits.certificateNameCharacters * 4 || subjectAltName.includes('"'))
    return [];
  const entries = subjectAltName.split(', ');
  const uris = entries.filter((entry) => entry.startsWith('URI:'));
  // SPIFFE X.509-SVID §2: one URI. With several, it would be the caller's choice who it is.
  if (uris.length > 0) return uris.length === 1 ? uris : [];
  return entries
    .filter((entry) => entry.startsWith('DNS:'))
    .map((entry) => `DNS:${entry.slice(4).toLowerCase()}`);
}
