/** Limits of messages to phones, which cost money. The unit is in the name, the reason beside it. */
const hour = 60 * 60_000;

export const phoneLimits = {
  /** Digits of the prefix: a block of numbers that a fraudster rents. */
  prefixDigits: 7,
  /** Tries to take a number that others prove at the same moment: no more users get a code for one number in an hour. */
  takes: 4,
  windows: { hour, day: 24 * hour },
  /**
   * Messages in an hour and in a day, by why they are sent. Each kind has its own counts: messages to a fraudster's numbers, and
   * codes that strangers ask for, keep no owner from a code as second factor. Codes that are asked for where the user signed in before
   * do not share `user`, `network` and `number`, which strangers can use up; what costs money in all is the same.
   */
  smsBudgets: {
    /** To a number that is not proved yet, for a user with a session: what fraudsters want. */
    phone_proof: {
      hour: { user: 5, network: 10, number: 3, prefix: 20, all: 500 },
      day: { user: 10, network: 20, number: 5, prefix: 60, all: 3_000 },
    },
    /** To a proved number, because somebody asked to log in with it. */
    login_code: {
      hour: { user: 6, network: 10, number: 6, prefix: 300, all: 3_000 },
      day: { user: 15, network: 40, number: 15, prefix: 1_500, all: 20_000 },
    },
    /** To a proved number, after the password or in a session. */
    factor_code: {
      hour: { user: 10, network: 100, number: 10, prefix: 1_000, all: 6_000 },
      day: { user: 30, network: 500, number: 30, prefix: 5_000, all: 40_000 },
    },
  },
} as const;
