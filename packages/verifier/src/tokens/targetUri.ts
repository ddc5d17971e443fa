/** Addresses of requests in one spelling, by the normalisation of RFC 3986 §6.2.2 and §6.2.3, so that they can be compared. */

/** No user, query, fragment, backslash or white space. */
const shape = /^https?:\/\/[^\s/?#@\\]+(\/[^\s?#\\]*)?$/i;
/** Also encoded. No client sends them: a resource that resolves them otherwise would see another address than the one proved. */
const dotSegment = /\/(\.|%2e){1,2}(\/|$)/i;

/** Undefined for anything but an absolute http address without query, fragment and dot segments. */
export function normaliseTarget(text: string): string | undefined {
  const [, path = ''] = shape.exec(text) ?? [];
  if (!shape.test(text) || dotSegment.test(path) || !URL.canParse(text)) return undefined;
  // Lower case of scheme and host, and no default port.
  const { protocol, host, pathname } = new URL(text);
  return `${protocol}//${host}${pathname.replaceAll(/%[0-9a-f]{2}/gi, normaliseEncoded)}`;
}

export function withoutQuery(url: string): string {
  return url.split(/[?#]/, 1)[0] ?? url;
}

/** RFC 3986 §2.3: unreserved characters are decoded; other encodings are upper case. A slash stays encoded. */
function normaliseEncoded(encoded: string): string {
  const character = String.fromCharCode(Number.parseInt(encoded.slice(1), 16));
  return /[A-Za-z0-9._~-]/.test(character) ? character : encoded.toUpperCase();
}
