/** Sends a subscriber's messages. Holds back renewals and acknowledgements while the authority does not read. */
import { atEndOfTurn, type Cancel } from '@countersign/verifier/clock';
import type { WatchRevocationsRequest } from '@countersign/verifier/contract/generated/countersign/v1/WatchRevocationsRequest';

export interface Outgoing {
  send(message: WatchRevocationsRequest): void;
  /** `askForLease`: returns the request's number; undefined to send none. */
  renew(askForLease: () => number | undefined): void;
  /** Sends only the last position of this turn, at its end. */
  acknowledge(position: number): void;
  /** Call when the authority reads again. */
  drained(): void;
  stop(): void;
}

/** `write` returns false when nothing more should be written until `drained`. */
export function createOutgoing(write: (message: WatchRevocationsRequest) => boolean): Outgoing {
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
    renew(askForLease) {
      // Recorded before sending, so that the lease counts from before.
      const number = congested ? undefined : askForLease();
      if (number !== undefined) send({ renew: { number } });
    },
    acknowledge(position) {
      acknowledged = position;
      cancelAcknowledgement ??= atEndOfTurn(sendAcknowledgement);
    },
    drained() {
      congested = false;
      sendAcknowledgement();
    },
    stop: () => cancelAcknowledgement?.(),
  };
}
