import { Reason } from '@countersign/verifier/contract/generated/countersign/v1/Reason';

/** The words of the store are those of the contract in lower case; one that is newer than this code is unspecified. */
export function toReason(reason: string): Reason {
  const name = `REASON_${reason.toUpperCase()}`;
  return name in Reason ? (name as keyof typeof Reason) : Reason.REASON_UNSPECIFIED;
}
