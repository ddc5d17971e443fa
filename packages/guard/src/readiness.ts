/** Whether a guard holds a lease, and whether it ever did. */

export interface Readiness {
  /** Resolves with the first lease; rejects when the guard is closed before. */
  ready(): Promise<void>;
  /** Looks whether there is a lease now. */
  look(): void;
  status(): 'not_ready' | 'leased' | 'no_lease';
  close(): void;
}

export function createReadiness(parts: {
  readonly holdsLease: () => boolean;
  /** Called when a lease begins, and when a look finds that it has ended. */
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
  // A rejection that nobody awaits must not end the process.
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
