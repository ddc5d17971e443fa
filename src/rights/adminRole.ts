/** The role of administrators: every permission at the API, for users. Declares what is missing of it, and grants it. */
import type { UserName } from '../accounts/namedUser.ts';
import type { Actor } from '../audit/auditEvent.ts';
import type { DefineRights } from './definitions.ts';
import type { GrantRights } from './grants.ts';

export const adminRole = 'admin';

/** Repeating it succeeds; after an update it adds permissions that are new. Throws `not_found`. */
export type MakeAdmin = (user: UserName, actor: Actor) => Promise<void>;

export interface MakeAdminParts {
  readonly rights: DefineRights & GrantRights;
  /** Of the API. */
  readonly audience: string;
  /** The scopes there. */
  readonly permissions: readonly string[];
}

export function createMakeAdmin({ rights, audience, permissions }: MakeAdminParts): MakeAdmin {
  return async (user, actor) => {
    const declared = (await rights.listResources()).find((each) => each.audience === audience);
    const { scopes = [], everyone = [], accessTtlMs } = declared ?? {};
    const all = [...new Set([...scopes, ...permissions])];
    if (all.length > scopes.length)
      await rights.setResource({ audience, scopes: all, everyone, accessTtlMs }, actor);
    const role = (await rights.listRoles()).find(({ name }) => name === adminRole);
    const { scopes: has = [], secondFactor = false } =
      role?.audiences.find((each) => each.audience === audience) ?? {};
    if (permissions.some((each) => !has.includes(each)))
      await rights.setRole(
        { name: adminRole, audience, scopes: [...new Set([...has, ...permissions])], secondFactor },
        actor,
      );
    await rights.grantRole({ role: adminRole, user }, actor);
  };
}
