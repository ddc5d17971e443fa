import type { User } from '../../accounts/user.ts';
import type { Actor } from '../../audit/auditEvent.ts';
import type { Stores } from '../../database.ts';
import { occasionOf } from '../../notifications/notices.ts';
import type { Notify } from '../../notifications/outbox.ts';
import type { CodeChannel } from './codeChannels.ts';

export interface LoginCode {
  readonly channel: CodeChannel;
  readonly user: User;
  readonly address: string;
  readonly code: string;
  /** How long it is good. */
  readonly minutes: number;
  readonly actor: Actor;
  readonly now: number;
}

/** Writes the message with a code, which says where the login comes from. */
export async function sendLoginCode(
  { notify }: { readonly notify: Notify },
  stores: Pick<Stores, 'outbox'>,
  { channel, user, address, code, minutes, actor, now }: LoginCode,
): Promise<void> {
  const data = { ...occasionOf(actor, now), code, minutes };
  await notify(
    stores,
    { channel: channel.channel, template: 'login_code', to: address, locale: user.locale, data },
    { userId: user.id, now },
  );
}
