/** Sends a subscriber's messages. Holds back renewals and acknowledgements while the authority does not read. */
import { atEndOfTurn, type Cancel } from '@countersign/verifier/clock';
import type { WatchRevocationsRequest } from '@countersign/verifier/contract/generated/countersign/v1/WatchRevocationsRequest';

export type Outgoing = ReturnType<typeof createOutgoing>;

/** `write` returns false when no more should be written until `drained` is called. */
export function createOutgoing(write: (message: WatchRevocationsRequest) => boolean) {
  let congested = false;
  let acknowledged: number | undefined;
  let cancelAcknowledgement: Cancel | undefined;

  const send = (message: WatchRevocationsRequest) => {
    congested = !write(message);
  };
  const sendAcknowledgement = () => {
    cancelAcknowledgement = undefined;
    if (acknowledged === undefined || congested) return;
    send({ acknowledge: { position: acknowledged } });
    acknowledged = undefined;
  };

  return {
    send,
    /** `askForLease`: returns the number to ask with; undefined to ask for none. */
    renew(askForLease: () => number | undefined) {
      // The number is noted before it is sent, so that the lease counts from before.
      const number = congested ? undefined : askForLease();
      if (number !== undefined) send({ renew: { number } });
    },
    /** At the end of this turn, and only the last position of the turn. */
    acknowledge(position: number) {
      acknowledged = position;
      cancelAcknowledgement ??= atEndOfTurn(sendAcknowledgement);
    },
    /** To be called when the authority reads again. */
    drained() {
      congested = false;
      sendAcknowledgement();
    },
    stop: () => cancelAcknowledgement?.(),
  };
}
