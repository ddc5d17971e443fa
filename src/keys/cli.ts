import { rfc3339 } from '@countersign/verifier/clock';
import { type Commands, none, one } from '../transport/cli/command.ts';
import type { ListedKey } from './listKeys.ts';

export const keyCommands: Commands = {
  'keys list': {
    usage: 'keys list',
    summary: 'List signing keys, newest first: kid, state, when made, since when in that state.',
    async run({ listKeys }, { positionals, json }, { out }) {
      none(positionals);
      for (const key of await listKeys()) {
        const line = {
          kid: key.kid,
          state: key.state,
          created_at: rfc3339(key.createdAt),
          since: since(key),
        };
        out(json ? JSON.stringify(line) : [line.kid, line.state, line.created_at, line.since].join('\t'));
      }
    },
  },

  'keys rotate': {
    usage: 'keys rotate',
    summary: 'Sign with the next key from now on; print its kid. Refused while caches may lack it.',
    async run({ rotateKey }, { operator, positionals, json }, { out, err }) {
      none(positionals);
      const { kid, rotated } = await rotateKey(operator);
      if (json) return out(JSON.stringify({ kid, rotated }));
      err(
        rotated
          ? 'Rotated. This key signs now:'
          : 'Rotated by another node a moment ago. This key signs now:',
      );
      out(kid);
    },
  },

  'keys revoke': {
    usage: 'keys revoke KID',
    summary: 'Emergency: revoke a key and every token it signed, with effect; print how many sessions ended.',
    async run({ revokeKey }, { operator, positionals, json }, { out, err }) {
      const kid = one(positionals, 'KID');
      const { endedSessions, effectAt } = await revokeKey(kid, operator);
      if (json) {
        return out(JSON.stringify({ kid, ended_sessions: endedSessions, effect_time: rfc3339(effectAt) }));
      }
      err(
        `Key ${kid} is revoked. Verifiers that cache the JWKS learn of it when they ask again. Sessions ended:`,
      );
      out(String(endedSessions));
    },
  },

  'keys reseal': {
    usage: 'keys reseal',
    summary: 'Seal with KEY_ENCRYPTION_KEY what is sealed with a key of KEY_DECRYPTION_KEYS.',
    async run({ resealKeys }, { operator, positionals, json }, { out, err }) {
      none(positionals);
      const { signingKeys, sessions, unreadable } = await resealKeys(operator);
      if (json) {
        const unread = { unreadable_sessions: unreadable.count };
        return out(JSON.stringify({ signing_keys: signingKeys, sessions, ...unread }));
      }
      if (unreadable.count > 0) {
        err(`No key opens the secrets of ${unreadable.count} sessions, the first is ${unreadable.first}.`);
      }
      err(`Sealed again: ${signingKeys} signing keys, and the secrets of this many sessions:`);
      out(String(sessions));
    },
  },
};

function since(key: ListedKey): string {
  const { createdAt, activatedAt, retiringAt, retiredAt, revokedAt } = key;
  const at = {
    next: createdAt,
    active: activatedAt,
    retiring: retiringAt,
    retired: retiredAt,
    revoked: revokedAt,
  };
  return rfc3339(at[key.state] ?? createdAt);
}
