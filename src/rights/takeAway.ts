/**
 * Takes rights away so that no service honours them any more. The change of rights is committed first, together with a row that says
 * whose sessions it touches. Then, page by page, these sessions enter their next rights epoch and the tokens of the epoch before are
 * revoked. Nobody is logged out: the next refresh carries the rights that are left. The row goes when the last page is in effect; a
 * job finishes what an interrupted caller left.
 *
 * Why no token slips through: a refresh writes only while the epoch is the one at which it read the rights; a login keeps the
 * user's row and the definitions locked while it reads the rights and creates the session.
 */
import type { SessionId } from '@countersign/verifier/ids';
import type { EffectReport } from '@countersign/verifier/revocation/revocation';
import type { Stores } from '../database.ts';
import type { Job } from '../platform/jobs.ts';
import { platformLimits } from '../platform/limits.ts';
import { type RevokingParts, revokeAndPropagate } from '../revocation/propagation/revokeAndPropagate.ts';
import { worseOf } from '../sessions/endSessionsByPage.ts';
import { sessionLimits } from '../sessions/limits.ts';
import { factsChanged } from '../sessions/lookUp/facts.ts';
import type { SessionRange, SessionSelection, Subject } from '../sessions/store.ts';
import { rightsLimits } from './limits.ts';
import type { RightsChange, RightsStore, Touched } from './store.ts';

export interface RightsTakenAway {
  /** Sessions whose access tokens were refused. */
  readonly sessions: number;
  /** The slowest propagation; undefined when there was no session. */
  readonly effect: EffectReport | undefined;
}

const nothingTaken: RightsTakenAway = { sessions: 0, effect: undefined };

/**
 * Runs `change` in a transaction. When it returns true it took a right away: this resolves when that is in effect. Earlier changes of
 * the same kind that were not finished are finished, too: a repetition means what the first call meant.
 */
export async function takeAway(
  parts: RevokingParts,
  touched: Touched,
  change: (stores: Stores, now: number) => Promise<boolean>,
): Promise<RightsTakenAway> {
  const now = parts.clock.now();
  const { result: open } = await revokeAndPropagate(parts, now, async (stores) => {
    if (await change(stores, now)) await stores.rights.openChange(touched, now);
    // Nothing is taken from the tokens; but look-ups say more from now on.
    else if (touched.kind === 'subject') await stores.revoke([factsChanged(touched.subject, now)]);
    return stores.rights.openChanges({ touched });
  });
  let all = nothingTaken;
  for (const each of open) all = added(all, await finish(parts, each));
  // Whoever lost the role a moment ago was none of its holders any more.
  if (touched.kind === 'role' || touched.kind === 'removed_role')
    all = added(all, await finishOpen(parts, 'subject'));
  return all;
}

/** Finishes the changes of one kind that are not in effect yet. */
export async function finishOpen(parts: RevokingParts, kind: Touched['kind']): Promise<RightsTakenAway> {
  let all = nothingTaken;
  for (const each of await parts.database.rights.openChanges({ kind }))
    all = added(all, await finish(parts, each));
  return all;
}

/** How many sessions `takeAway` would touch. */
export async function countTouched(
  { database, clock }: Pick<RevokingParts, 'database' | 'clock'>,
  touched: Touched,
): Promise<number> {
  let count = 0;
  for await (const { selection } of pages({ database, clock }, touched, undefined))
    count += await database.sessions.count(selection, clock.now());
  return count;
}

async function finish(parts: RevokingParts, change: RightsChange): Promise<RightsTakenAway> {
  const { database, clock } = parts;
  let all = nothingTaken;
  for await (const { selection, after } of pages(parts, change.touched, change.after)) {
    const { result: sessions, effect } = await revokeAndPropagate(parts, clock.now(), (stores) =>
      stores.takeRights(selection),
    );
    // Noted after the effect: a page whose effect is not certain is done again.
    if (after !== undefined) await database.rights.noteChange(change.number, after, clock.now());
    all = added(all, { sessions, effect });
  }
  await database.transaction(async ({ rights }) => {
    await rights.closeChange(change.number);
    if (change.touched.kind === 'removed_role') await removeRole(rights, change.touched.role);
  });
  return all;
}

/** Unless somebody declared it anew. */
async function removeRole(rights: RightsStore, role: string): Promise<void> {
  await rights.changeDefinitions();
  if ((await rights.findRole(role))?.audiences.length === 0) await rights.removeRole(role);
}

export function added(one: RightsTakenAway, other: RightsTakenAway): RightsTakenAway {
  return { sessions: one.sessions + other.sessions, effect: worseOf(one.effect, other.effect) };
}

interface Page {
  readonly selection: SessionSelection;
  /** Where the next page begins; undefined for the last page. */
  readonly after: string | undefined;
}

async function* pages(
  { database: { rights, sessions }, clock }: Pick<RevokingParts, 'database' | 'clock'>,
  touched: Touched,
  begin: string | undefined,
): AsyncGenerator<Page> {
  let after = begin;
  if (touched.kind === 'subject') {
    yield { selection: { subjects: [touched.subject] }, after: undefined };
    return;
  }
  do {
    let selection: SessionSelection;
    if (touched.kind === 'role' || touched.kind === 'removed_role') {
      const holders = await rights.holders(
        touched.role,
        rightsLimits.pageSubjects,
        after as Subject | undefined,
      );
      selection = { subjects: holders.map(({ subject }) => subject) };
      after = holders.length < rightsLimits.pageSubjects ? undefined : holders.at(-1)?.subject;
    } else {
      const matching = touched.kind === 'client' ? { clientId: touched.clientId } : {};
      const select = (range: SessionRange) => ({ matching, range });
      const page = { rows: sessionLimits.sessionsPageRows, now: clock.now() };
      const range = await sessions.nextSelected(select, after as SessionId | undefined, page);
      selection = select(range);
      after = range.last;
    }
    yield { selection, after };
  } while (after !== undefined);
}

export function unfinishedChangesJob(parts: RevokingParts): Job {
  return {
    name: 'rights_changes',
    async run() {
      const until = parts.clock.now() - rightsLimits.takeOverMilliseconds;
      for (const change of await parts.database.rights.openChanges({ until })) await finish(parts, change);
      return platformLimits.pruneIntervalMilliseconds;
    },
  };
}
