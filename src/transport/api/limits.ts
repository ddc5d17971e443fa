/** Limits of the API over HTTP. The unit is in the name, the reason beside it. */
export const apiLimits = {
  /** The longest message of any method: a batch of 10,000 ids, which is longer as JSON. */
  apiBodyBytes: 2 * 1024 * 1024,
  /** What is watched at once, on this node and by one caller: a console has one or two. */
  apiStreams: 200,
  apiStreamsOfCaller: 10,
  /** Why somebody changes something, for the audit log. */
  apiReasonCharacters: 200,
  /** A user's proof before a change is at most this old; a login counts. */
  apiProofSeconds: 600,
} as const;
