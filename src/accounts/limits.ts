/** Limits of accounts. The unit is in the name, the reason beside it. */
export const accountLimits = {
  /** RFC 5321 §4.5.3.1: 254 octets for a path, 64 for the local part. */
  emailBytes: 254,
  emailLocalPartBytes: 64,
  usersPageDefault: 100,
  /** What one answer of the command line holds without strain. */
  usersPageMaximum: 10_000,
  /** What support sees of one user. */
  shownSessions: 20,
  shownSignIns: 10,
} as const;
