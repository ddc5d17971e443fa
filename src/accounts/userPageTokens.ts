/**
 * Page tokens of users: after whom a page begins. By e-mail it is the address that the user had on the earlier page, since it may be
 * changed or deleted meanwhile. Sealed: pages of the console have the token in their addresses.
 */
import { decodeBase64url, encodeBase64url } from '@countersign/verifier/encoding';
import type { UserId } from '@countersign/verifier/ids';
import { pageTokenAfter, readPageToken, unknownPageToken } from '../platform/pageToken.ts';
import type { Sealing } from '../platform/sealing.ts';
import type { Email } from './email.ts';
import type { ListedUser, UserOrder } from './user.ts';

export interface UserPageTokens {
  after(last: ListedUser, order: UserOrder): string;
  /** Throws `invalid_request` naming `page_token`, also for one of another order. */
  read(token: string, order: UserOrder): UserId | Email;
}

const context = 'page of users';

export function createUserPageTokens(sealing: Pick<Sealing, 'seal' | 'unseal'>): UserPageTokens {
  return {
    after({ id, email }, { by }) {
      return by === 'email' ? encodeBase64url(sealing.seal(Buffer.from(email), context)) : pageTokenAfter(id);
    },

    read(token, { by }) {
      if (by !== 'email') return readPageToken<UserId>(token);
      try {
        return sealing.unseal(decodeBase64url(token) ?? Buffer.of(), context).toString() as Email;
      } catch {
        throw unknownPageToken();
      }
    },
  };
}
