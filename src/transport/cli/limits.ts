/** Limits of the command line and its socket. The unit is in the name, the reason beside it. */
export const cliLimits = {
  /** The name of a user of the machine, as useradd allows it. */
  operatorNameCharacters: 32,
  /** A line of the control socket: a command with its arguments and a password. */
  controlLineBytes: 64 * 1024,
  /** Which has come within this: whoever connects sends it at once. */
  controlLineMilliseconds: 5_000,
  /** Commands at once: people and scripts; one that revokes many sessions takes minutes. */
  controlCommands: 32,
  /** A start that has not taken over its folder within this was killed on the way; it takes milliseconds. */
  controlLockMilliseconds: 10_000,
} as const;
