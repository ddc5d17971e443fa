/**
 * The kinds of JWT this authority signs, each with its own `typ` (RFC 8725 §3.11): a reader of one kind refuses all others,
 * although the same keys sign them. Add a row for a new kind. Refresh and service tokens are no JWTs; their prefixes are `rt_`
 * and `st_`.
 */
export const tokenTypes = {
  /** RFC 9068. */
  access: 'at+jwt',
  /** OpenID Connect Core §2: libraries expect none of its own. */
  id: 'JWT',
  /** OpenID Connect Back-Channel Logout §2.4. */
  logout: 'logout+jwt',
  /** RFC 9701. */
  introspection: 'token-introspection+jwt',
} as const;
