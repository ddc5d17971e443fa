/**
 * The kinds of JWT that this authority signs, each with a `typ` of its own (RFC 8725 §3.11): whoever reads one kind refuses
 * every other, although all are signed with the same keys. A new kind begins with a new row. Refresh and service tokens are
 * no JWTs; they are told apart by their prefixes, `rt_` and `st_`.
 */
export const tokenTypes = {
  /** RFC 9068. */
  access: 'at+jwt',
} as const;
