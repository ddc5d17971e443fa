import { randomBytes } from 'node:crypto';
import { type Commands, one } from '../transport/cli/command.ts';

export const userCommands: Commands = {
  'users create': {
    usage: 'users create EMAIL [--password-stdin]',
    summary: 'Make a user; without --password-stdin, print a new password as the last line.',
    begins: true,
    readsInput: (argv) => argv.includes('--password-stdin'),
    async run({ register }, { operator, positionals, passwordStdin, input, json }, { out, err }) {
      const email = one(positionals, 'EMAIL');
      const password = passwordStdin
        ? (input ?? '').replace(/^\uFEFF/, '').replace(/\r?\n$/, '')
        : randomBytes(24).toString('base64url');
      const { userId } = await register({ email, password }, operator);
      if (json) return out(JSON.stringify({ user_id: userId, ...(passwordStdin ? {} : { password }) }));
      if (passwordStdin) return out(userId);
      err(`User ${userId} is made. The password is shown this once:`);
      out(password);
    },
  },

  'users disable': {
    usage: 'users disable EMAIL',
    summary: 'Disable a user and end every session, with effect.',
    async run({ disableUser }, { operator, positionals, json }, { out, err }) {
      const { userId, endedSessions } = await disableUser({ email: one(positionals, 'EMAIL') }, operator);
      if (json) return out(JSON.stringify({ user_id: userId, ended_sessions: endedSessions }));
      err(`Disabled. Sessions ended: ${endedSessions}.`);
      out(userId);
    },
  },

  'users enable': {
    usage: 'users enable EMAIL',
    summary: 'Let a user that was disabled log in again.',
    async run({ enableUser }, { operator, positionals, json }, { out, err }) {
      const userId = await enableUser({ email: one(positionals, 'EMAIL') }, operator);
      if (json) return out(JSON.stringify({ user_id: userId }));
      err('Enabled.');
      out(userId);
    },
  },

  'users delete': {
    usage: 'users delete EMAIL',
    summary: 'Delete a user and everything personal, and end every session, with effect.',
    async run({ deleteUser }, { operator, positionals, json }, { out, err }) {
      const { userId, endedSessions } = await deleteUser({ email: one(positionals, 'EMAIL') }, operator);
      if (json) return out(JSON.stringify({ user_id: userId, ended_sessions: endedSessions }));
      err(`Deleted. Sessions ended: ${endedSessions}.`);
      out(userId);
    },
  },

  'users unlock': {
    usage: 'users unlock EMAIL',
    summary: 'Forget the wrong passwords of a user, who may then try again from everywhere.',
    async run({ unlockUser }, { operator, positionals, json }, { out, err }) {
      const { userId } = await unlockUser(one(positionals, 'EMAIL'), operator);
      if (json) return out(JSON.stringify({ user_id: userId }));
      err('Unlocked. If it goes on, have the user change the password.');
      out(userId);
    },
  },
};
