/** Whether a guard holds or ever held a lease. */

export interface Readiness {
  /** Resolves with the first lease; rejects when the guard closes first. */
  ready(): Promise<void>;
  /** Checks for a lease now. */
  look(): void;
  status(): 'not_ready' | 'leased' | 'no_lease';
  close(): void;
}

export function createReadiness(parts: {
  readonly holdsLease: () => boolean;
  /** Called when a lease begins and when a check finds that it ended. */
  readonly onChange: (held: boolean) => void;
}): Readiness {
  const { holdsLease, onChange } = parts;
  let wasReady = false;
  let wasHeld = false;
  let becomeReady: () => void = () => {};
  let neverReady: (error: Error) => void = () => {};
  const ready = new Promise<void>((resolve, reject) => {
    becomeReady = resolve;
    neverReady = reject;
  });
  // An unawaited rejection must not end the process.
  ready.catch(() => {});

  const note = (held: boolean) => {
    if (held) {
      wasReady = true;
      becomeReady();
    }
    if (held !== wasHeld) onChange(held);
    wasHeld = held;
  };

  return {
    ready: () => ready,
    look: () => note(holdsLease()),
    status() {
      if (holdsLease()) return 'leased';
      return wasReady ? 'no_lease' : 'not_ready';
    },
    close() {
      neverReady(new Error('the guard was closed before it had a lease'));
      note(false);
    },
  };
}
