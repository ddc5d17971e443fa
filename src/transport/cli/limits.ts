/** Limits of the command line and its socket. The unit is in the name, the reason beside it. */
export const cliLimits = {
  /** A machine's user name, at useradd's maximum. */
  operatorNameCharacters: 32,
  /** One line of the control socket: a command with its arguments and a batch of lines, which JSON may make six times as long. */
  controlLineBytes: 256 * 1024,
  /** Lines of a file that one run of a command takes: a transaction of some ten milliseconds. */
  batchLines: 200,
  batchBytes: 32 * 1024,
  /** A line must arrive within this: clients send it at once. */
  controlLineMilliseconds: 5_000,
  /** Concurrent commands of people and scripts; revoking many sessions takes minutes. */
  controlCommands: 32,
  /** Taking over a folder takes milliseconds; after this, the process was killed meanwhile. */
  controlLockMilliseconds: 10_000,
} as const;
