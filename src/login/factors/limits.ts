/** Limits of second factors and of logins under way. The unit is in the name, the reason beside it. */
export const factorLimits = {
  /** Time to open an app and type a code. */
  loginTokenMilliseconds: 10 * 60_000,
  /** Tries per login under way. The account's count of failures limits them over all logins. */
  loginTokenTries: 5,
  /** RFC 4226 §4 R6 recommends 160 bits. */
  totpSecretBytes: 20,
  /** The only step that every app honours. */
  totpStepSeconds: 30,
  /** Authenticator apps of one user: each one more makes a guess likelier. */
  totpPerUser: 5,
  /** Time between showing a secret and confirming it. */
  enrolmentMilliseconds: 10 * 60_000,
  factorNameCharacters: 100,
  /** Codes in one set: a page that people print. */
  recoveryCodes: 10,
  /** 120 bits: a plain hash needs at least 112 (OWASP ASVS 5.0 V6.5.2). */
  recoveryCodeBytes: 15,
  recoveryCodeGroupCharacters: 4,
  /** How late a reset may be. */
  resetPollMilliseconds: 15_000,
  /** For the owner to stop a reset that was due while nothing served. */
  resetAfterStartMilliseconds: 60 * 60_000,
  /** Resets that one look does. */
  resetsAtOnce: 20,
  /** Why a reset happens at once: a line of the audit log. */
  resetNoteCharacters: 200,
  /** Age of the proof that a change of factors needs. */
  recentProofSeconds: 600,
} as const;
