/**
 * The log: JSON lines on standard error; standard output is for people and data. Levels are a contract: `error` wakes someone,
 * `warn` is for the morning, `info` tells the life of the process, `debug` single requests. Tokens, passwords, cookies and keys
 * never get here.
 */
import { type DestinationStream, type Logger, pino } from 'pino';

export type Log = Logger;

/** Members that could hold a secret if somebody logged a whole request, body or configuration. */
const secretMembers = [
  'password',
  'current_password',
  'new_password',
  'refresh_token',
  'access_token',
  'token',
  'authorization',
  'cookie',
  '"set-cookie"',
];

const redactedPaths = secretMembers.flatMap((member) => {
  const path = member.startsWith('"') ? `[${member}]` : member;
  const nested = member.startsWith('"') ? path : `.${member}`;
  return [path, `*${nested}`, `*.*${nested}`];
});

export function createLog(
  level: string,
  destination: DestinationStream = pino.destination({ fd: 2, sync: true }),
): Log {
  return pino(
    {
      level,
      base: null,
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label }) },
      redact: { paths: redactedPaths, censor: '[secret]' },
    },
    destination,
  );
}
