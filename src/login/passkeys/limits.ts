/** Limits of passkeys. The unit is in the name, the reason beside it. */
export const passkeyLimits = {
  /** A few devices and security keys; request options list them all. */
  passkeysPerUser: 20,
  /** Between the options and the answer: people look for their key. Browsers give up at the same time. */
  challengeMilliseconds: 5 * 60_000,
  /** WebAuthn §4: an id has at most 1,023 bytes. Characters of base64url. */
  credentialIdCharacters: 1_364,
  /** WebAuthn §5.4.3: a user handle has at most 64 bytes. Characters of base64url. */
  userHandleCharacters: 86,
  /** Client data, authenticator data, a public key or a signature: the largest are a few hundred bytes. Characters. */
  partCharacters: 8_192,
  /** There are seven; a later one may come. */
  transports: 10,
  transportCharacters: 32,
} as const;
