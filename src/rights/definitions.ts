/** Declares resources and roles, and takes away what a new declaration no longer gives. */
import { invalidField } from '@countersign/verifier/errors';
import type { Actor, AuditDetail } from '../audit/auditEvent.ts';
import type { Stores } from '../database.ts';
import type { RevokingParts } from '../revocation/propagation/revokeAndPropagate.ts';
import type { SpendRevokeBudget } from '../revocation/revokeBudgets.ts';
import { rightsLimits } from './limits.ts';
import { checkAudience, checkResource, checkRoleName, notFound } from './names.ts';
import type { Resource } from './rights.ts';
import type { Role, RoleAtAudience, Touched } from './store.ts';
import { countTouched, type RightsTakenAway, takeAway } from './takeAway.ts';

export interface DefinitionParts extends RevokingParts {
  readonly spendRevokeBudget: SpendRevokeBudget;
  /** ACCESS_TOKEN_TTL. */
  readonly accessTtlMs: number;
  readonly audiencesOfSettings: readonly string[];
}

export interface ChangeOptions {
  /** Changes nothing; `sessions` is how many sessions it would touch at most. */
  readonly dryRun?: boolean | undefined;
}

/** Whoever repeats one of these gets the same result. Throws `invalid_request` naming the field, and `not_found`. */
export interface DefineRights {
  /** Declares a resource, or replaces what was declared. */
  setResource(resource: Resource, actor: Actor, options?: ChangeOptions): Promise<RightsTakenAway>;
  removeResource(audience: string, actor: Actor, options?: ChangeOptions): Promise<RightsTakenAway>;
  /** Declares a role, or replaces what it is worth at the audience. */
  setRole(role: RoleAtAudience, actor: Actor, options?: ChangeOptions): Promise<RightsTakenAway>;
  /** At one audience, or everywhere, together with its grants. */
  removeRole(
    role: { readonly name: string; readonly audience?: string | undefined },
    actor: Actor,
    options?: ChangeOptions,
  ): Promise<RightsTakenAway>;
  listResources(): Promise<readonly Resource[]>;
  listRoles(): Promise<readonly Role[]>;
}

export function createDefineRights(parts: DefinitionParts): DefineRights {
  const { database } = parts;
  return {
    listResources: () => database.rights.listResources(),
    listRoles: () => database.rights.listRoles(),

    setResource(given, actor, options) {
      const resource = checkResource(given, parts.accessTtlMs);
      const { audience, scopes, everyone, accessTtlMs = null } = resource;
      return define(parts, { kind: 'all' }, actor, options, async (stores, now) => {
        const before = await stores.rights.findResource(audience);
        if (before === undefined)
          await requireRoom(stores.rights.listResources(), rightsLimits.resources, 'audience');
        await stores.rights.setResource(resource, now);
        const detail = { audience, scopes, everyone, access_ttl_ms: accessTtlMs };
        await stores.audit.record({ type: 'resource_set', actor, reason: audience, detail }, now);
        return takesFrom(before ?? undeclared(parts, audience), resource, parts.accessTtlMs);
      });
    },

    removeResource(audience, actor, options) {
      checkAudience(audience);
      return define(parts, { kind: 'all' }, actor, options, async (stores, now) => {
        if ((await stores.rights.findResource(audience)) === undefined) return false;
        await stores.rights.removeResource(audience);
        await stores.audit.record({ type: 'resource_removed', actor, reason: audience }, now);
        return true;
      });
    },

    setRole({ name, audience, scopes: given, secondFactor: asked }, actor, options) {
      checkRoleName(name);
      const scopes = [...new Set(given)].sort();
      return define(parts, { kind: 'role', role: name }, actor, options, async (stores, now) => {
        const resource = await stores.rights.findResource(audience);
        if (resource === undefined) throw notFound(`resource ${audience}: declare it first`);
        const unknown = scopes.find((scope) => !resource.scopes.includes(scope));
        if (unknown !== undefined)
          throw invalidField('scopes', 'declared', `${audience} has no scope ${unknown}`);
        const before = await stores.rights.findRole(name);
        if (before === undefined) await requireRoom(stores.rights.listRoles(), rightsLimits.roles, 'role');
        const had = before?.audiences.find((each) => each.audience === audience);
        const secondFactor = asked ?? had?.secondFactor ?? false;
        await stores.rights.setRole({ name, audience, scopes, secondFactor }, now);
        const detail = { audience, scopes, second_factor: secondFactor };
        await record(stores, 'role_set', name, actor, now, detail);
        if (had === undefined) return false;
        return (secondFactor && !had.secondFactor) || had.scopes.some((scope) => !scopes.includes(scope));
      });
    },

    removeRole({ name, audience }, actor, options) {
      checkRoleName(name);
      const kind = audience === undefined ? 'removed_role' : 'role';
      return define(parts, { kind, role: name }, actor, options, async (stores, now) => {
        const before = await stores.rights.findRole(name);
        if (before === undefined) return false;
        const gone = before.audiences.filter((each) => audience === undefined || each.audience === audience);
        for (const each of gone) await stores.rights.removeRole(name, each.audience);
        await record(stores, 'role_removed', name, actor, now, { audience: audience ?? null });
        // The role itself goes when its holders have lost it: until then its grants say who they are.
        return gone.length > 0 || audience === undefined;
      });
    },
  };
}

async function define(
  parts: DefinitionParts,
  touched: Touched,
  actor: Actor,
  { dryRun = false }: ChangeOptions = {},
  change: (stores: Stores, now: number) => Promise<boolean>,
): Promise<RightsTakenAway> {
  if (dryRun) return { sessions: await countTouched(parts, touched), effect: undefined };
  return takeAway(parts, touched, async (stores, now) => {
    await stores.rights.changeDefinitions();
    const takes = await change(stores, now);
    // What only adds rights is free.
    if (takes) await parts.spendRevokeBudget('filters', actor);
    return takes;
  });
}

/** Tokens for an audience of the settings need no declaration. */
function undeclared({ audiencesOfSettings }: DefinitionParts, audience: string): Resource | undefined {
  if (!audiencesOfSettings.includes(audience)) return undefined;
  return { audience, scopes: [], everyone: [], accessTtlMs: undefined };
}

function takesFrom(before: Resource | undefined, after: Resource, latestMs: number): boolean {
  if (before === undefined) return false;
  const { scopes, everyone, accessTtlMs = latestMs } = before;
  return (
    scopes.some((scope) => !after.scopes.includes(scope)) ||
    everyone.some((scope) => !after.everyone.includes(scope)) ||
    (after.accessTtlMs ?? latestMs) < accessTtlMs
  );
}

async function requireRoom(listed: Promise<readonly unknown[]>, most: number, field: string): Promise<void> {
  if ((await listed).length >= most)
    throw invalidField(field, 'count', `there are ${most} already, the most there can be`);
}

function record(
  { audit }: Pick<Stores, 'audit'>,
  type: 'role_set' | 'role_removed',
  role: string,
  actor: Actor,
  now: number,
  detail: AuditDetail,
): Promise<void> {
  return audit.record({ type, actor, reason: role, detail }, now);
}
