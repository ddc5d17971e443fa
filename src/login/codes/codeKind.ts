/** Codes that are sent, as a second factor: one kind for each channel. */
import { timingSafeEqual } from 'node:crypto';
import { AuthorityError } from '@countersign/verifier/errors';
import type { Notify } from '../../notifications/outbox.ts';
import type { KeyedHash } from '../../platform/keyedHash.ts';
import { isCode, newCode } from '../../platform/oneTimeTokens.ts';
import { type FactorKind, sentCodeMember } from '../factors/factors.ts';
import { type CodeChannel, sentCodeHash } from './codeChannels.ts';
import { sendLoginCode } from './sendLoginCode.ts';

export interface CodeParts {
  readonly notify: Notify;
  /** Hashes of codes: six digits need a key. */
  readonly codeHash: KeyedHash;
  readonly onCode: (channel: CodeChannel['channel'], outcome: 'sent' | 'used') => void;
}

/** `isOn`: whether the settings let this channel be a second factor. */
export function createCodeKind(parts: CodeParts, channel: CodeChannel, isOn: boolean): FactorKind {
  const { notify, codeHash, onCode } = parts;
  const { kind, amr } = channel;
  return {
    ...({ name: kind, member: sentCodeMember, standsAlone: true, opensWith: amr } as const),
    isUsable: async (_stores, user) => isOn && channel.addressOf(user) !== undefined,

    async start(user, actor, now, { hash, expiresAt }) {
      channel.checkConfigured();
      const address = channel.addressOf(user);
      if (address === undefined) throw new Error('the caller asks isUsable first');
      if (!(await channel.isAllowed(address))) throw notAllowed();
      if (!(await channel.spend('factor_code', address, { caller: actor, user }))) throw tooMany();
      const code = newCode();
      // A code lives no longer than its login or step-up.
      const minutes = Math.max(1, Math.floor((expiresAt - now) / 60_000));
      return {
        codeHash: sentCodeHash(codeHash, { hash, kind, address }, code),
        async commit(stores, at) {
          await sendLoginCode({ notify }, stores, { channel, user, address, code, minutes, actor, now: at });
          const about = { actor, userId: user.id, reason: 'second_factor' } as const;
          await stores.audit.record(
            { type: 'code_sent', ...about, detail: { channel: channel.channel } },
            at,
          );
          onCode(channel.channel, 'sent');
        },
      };
    },

    async verify(user, { value }, underWay) {
      const address = channel.addressOf(user);
      const sent = underWay?.codeHash;
      if (address === undefined || underWay === undefined || sent === undefined)
        return { refused: 'not_started' };
      const isForm = typeof value === 'string' && isCode(value);
      const given = sentCodeHash(codeHash, { hash: underWay.hash, kind, address }, isForm ? value : '');
      if (!isForm || !timingSafeEqual(sent, given)) return { refused: `wrong_${kind}` };
      const openedBy = channel.factorOf(user);
      return {
        amr: [amr],
        ...(openedBy === undefined ? {} : { openedBy }),
        async commit(stores) {
          // What it was started for is used up by the caller. Meanwhile the address may have changed.
          const current = await stores.users.find(user.id);
          if (current === undefined || channel.addressOf(current) !== address) return false;
          onCode(channel.channel, 'used');
          return true;
        },
      };
    },
  };
}

function notAllowed(): AuthorityError {
  return new AuthorityError('sms_not_configured', {
    detail: 'The country of this phone gets no messages any more; use another factor, or ask support.',
    reason: 'country',
  });
}

function tooMany(): AuthorityError {
  return new AuthorityError('rate_limited', {
    detail: 'Enough codes were sent; try again in an hour, or use another factor.',
    retryAfterSeconds: 3_600,
    reason: 'code_budget',
  });
}
