import { Reason } from '@countersign/verifier/contract/generated/countersign/v1/Reason';

/** Stored reasons are the contract's in lower case; a newer one becomes unspecified. */
export function toReason(reason: string): Reason {
  const name = `REASON_${reason.toUpperCase()}`;
  return name in Reason ? (name as keyof typeof Reason) : Reason.REASON_UNSPECIFIED;
}
