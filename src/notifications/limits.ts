/** Limits of notifications. The unit is in the name, the reason beside it. */
export const notificationLimits = {
  /** How often a node looks for messages that another one left, or that are sent again. */
  pollMilliseconds: 5_000,
  /** No message is sent earlier: its answer leaves first. */
  delayMilliseconds: 50,
  /** And at most so much later, at random, so that nobody can place the work into another's answer. */
  delaySpreadMilliseconds: 100,
  /** Messages that a node sends at once by each channel: mail servers count connections. */
  sendsAtOnce: 5,
  /** One message; then it is sent again. */
  sendMilliseconds: 60_000,
  /** A claimed message is sent again after this, because its node may have died: longer than sending takes. */
  claimMilliseconds: 120_000,
  /** The wait after a failure doubles, from the first to the longest. A tenth more or less, so that nodes do not meet. */
  retryFirstMilliseconds: 5_000,
  retryLongestMilliseconds: 15 * 60_000,
  /** A notice is still worth reading after a weekend. A code is not sent after its end. */
  noticeMilliseconds: 3 * 24 * 60 * 60_000,
  /** Given-up messages are shown to operators for a week, without their content. */
  givenUpMilliseconds: 7 * 24 * 60 * 60_000,
  forgetMilliseconds: 60 * 60_000,
  smtpConnectMilliseconds: 10_000,
  smtpSilenceMilliseconds: 30_000,
  /** The webhook answers, or the message is sent again. */
  webhookMilliseconds: 10_000,
  /**
   * Notices of one kind to one user in an hour: whoever logs in again and again must not fill an inbox. More changes of a kind that a
   * notice takes back are refused.
   */
  noticesAnHour: 10,
  /** Events of one type that a node tells the operator in a minute: an attack on many accounts is one alarm. */
  operatorEventsAMinute: 60,
  /** Files in DATA_DIR/mail; the oldest go. They are for trials. */
  mailFiles: 1_000,
  /** A device's or program's name in a mail. */
  deviceCharacters: 60,
  /** A code that somebody types: NIST SP 800-63B-4 §3.1.3.1 allows 10 minutes. */
  codeMilliseconds: 10 * 60_000,
  /** Wrong codes, then a new one is needed. */
  codeTries: 5,
  /** Mails wait in inboxes overnight; a link can be used once, and only by who reads the mail. */
  proofLinkMilliseconds: 24 * 60 * 60_000,
  /** A recovery link opens the account: its reader asked for it minutes ago. */
  recoveryLinkMilliseconds: 15 * 60_000,
  /** The link that stops a reset of factors outlives the longest FACTOR_RESET_DELAY. */
  factorResetLinkMilliseconds: 31 * 24 * 60 * 60_000,
  /** A not-me link only takes things back, and people come back from holidays. */
  notMeLinkMilliseconds: 30 * 24 * 60 * 60_000,
  /** A not-me link sets the e-mail back: not for longer, since an old mailbox may get another reader. */
  emailRestoreMilliseconds: 7 * 24 * 60 * 60_000,
  /** Messages of one gRPC answer. */
  outboxPageDefault: 100,
  outboxPageMaximum: 500,
} as const;
