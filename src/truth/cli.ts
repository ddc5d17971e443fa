import { rfc3339 } from '@countersign/verifier/clock';
import { type Commands, none } from '../transport/cli/command.ts';

export const restoredCommand: Commands = {
  restored: {
    inDoubt: true,
    usage: 'restored [--keep-sessions]',
    summary:
      'After a database was put back: refuse every access token issued until now and end every session, with effect.',
    async run({ restored }, { operator, positionals, keepSessions, json }, { out, err }) {
      none(positionals);
      const { issuedUntil, endedSessions, effect } = await restored({ keepSessions }, operator);
      const until = rfc3339(issuedUntil);
      if (json) {
        const effectTime = effect && rfc3339(effect.effectAt);
        return out(
          JSON.stringify({ issued_until: until, ended_sessions: endedSessions, effect_time: effectTime }),
        );
      }
      err(`No access token that was issued until ${until} is accepted any more.`);
      err(
        keepSessions
          ? 'Sessions go on, and get new tokens with their next refresh. Sessions ended:'
          : 'Sessions ended:',
      );
      out(String(endedSessions));
    },
  },
};
