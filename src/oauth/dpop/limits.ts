/** Limits of proofs. The unit is in the name, the reason beside it; those that guards share are in the verifier. */
export const dpopLimits = {
  /** A nonce is good for one to two times as long: a client in use hears of the next one in time. */
  nonceMilliseconds: 5 * 60_000,
} as const;
