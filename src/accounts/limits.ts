/** Limits of accounts. The unit is in the name, the reason beside it. */
export const accountLimits = {
  /** RFC 5321 §4.5.3.1: 254 octets for a path, 64 for the local part. */
  emailBytes: 254,
  emailLocalPartBytes: 64,
  mailWindowMilliseconds: 60 * 60_000,
  /**
   * Mails to one address in that window, asked for by one network, and by all together: a stranger cannot fill an inbox. `apart`:
   * networks where the user signed in before have an `address` of their own, which strangers cannot use up.
   */
  mailBudgets: {
    recovery: { network: 1, address: 6, apart: true },
    /** That support sends. Users who ask themselves have a budget of their own. */
    sent_recovery: { network: 10, address: 10 },
    registration: { network: 3, address: 6 },
    /** Of the user's own address: only sessions of that user ask. */
    email_proof: { network: 5, address: 10 },
    /** Of an address that a user wants to have: any user may name it. */
    new_email: { network: 5, address: 10 },
    /** To the old address, when a change is begun. */
    email_change: { network: 5, address: 10 },
    /** A code for a login, for anybody who names the address. */
    login_code: { network: 5, address: 15, apart: true },
    /** A code after the password, or in a session. */
    factor_code: { network: 10, address: 30, apart: true },
  },
  /** A row of an import file; users of Keycloak with many attributes have a few kilobytes. */
  importLineBytes: 32 * 1024,
  /** A field's name in an error: no format has one half as long. */
  importNameCharacters: 100,
  /** Until the user has read what support told; NIST SP 800-63B-4 allows a day for what is sent. */
  oneTimePasswordMilliseconds: 24 * 60 * 60_000,
  usersPageDefault: 100,
  /** What one answer of the command line holds without strain. */
  usersPageMaximum: 10_000,
  /** Users or events of one gRPC answer. */
  grpcPageMaximum: 500,
  /** What support sees of one user. */
  shownSessions: 20,
  shownSignIns: 10,
} as const;
