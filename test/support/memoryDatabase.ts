/**
 * The smallest database for flows about keys: transactions take turns, and one that fails leaves nothing. It has signing
 * keys, sessions as far as keys concern them, revocations and the audit trail; no users and no services.
 */

import type { SessionId } from '@countersign/verifier/ids';
import { verifierLimits } from '@countersign/verifier/limits';
import type { Revocation } from '@countersign/verifier/revocation/revocation';
import type { AuditEvent } from '../../src/audit/auditEvent.ts';
import type { Database, Stores } from '../../src/database.ts';
import type { StoredSigningKey } from '../../src/keys/store.ts';
import type { LogoutStore } from '../../src/sessions/logoutStore.ts';
import type { RefreshStore } from '../../src/sessions/refreshStore.ts';
import type { EndedSession, NewSession, SessionStore } from '../../src/sessions/store.ts';
import { createMemorySigningKeys } from './memorySigningKeys.ts';

export interface MemorySession extends NewSession {
  readonly signingKids: readonly string[];
  readonly endedAt?: number;
}

interface Contents {
  readonly keys: readonly StoredSigningKey[];
  readonly sessions: ReadonlyMap<SessionId, MemorySession>;
  readonly revocations: readonly Revocation[];
  readonly events: readonly AuditEvent[];
}

export interface MemoryDatabase extends Database {
  /** What has been committed. */
  contents(): Contents;
  /** Sessions as they are, whoever signed for them. */
  put(sessions: readonly MemorySession[]): void;
  /** How many transactions have been committed. */
  committed(): number;
  /** While there is one, every transaction fails with it after its work was done. */
  fault: Error | undefined;
}

/** `now` is the clock of the store. */
export function createMemoryDatabase(now: () => number, keys: readonly StoredSigningKey[] = []) {
  let contents: Contents = { keys, sessions: new Map(), revocations: [], events: [] };
  let committed = 0;
  let last: Promise<unknown> = Promise.resolve();

  /** Stores over a copy, and what has become of it. */
  const begin = () => {
    const [sessions, events] = [new Map(contents.sessions), [...contents.events]];
    const revocations = [...contents.revocations];
    const signingKeys = createMemorySigningKeys(now, contents.keys);
    const stores: Pick<Stores, 'signingKeys' | 'sessions' | 'revocations' | 'audit'> = {
      signingKeys,
      sessions: memorySessions(sessions),
      revocations: {
        ...({} as Stores['revocations']),
        async record(rows) {
          revocations.push(...rows);
          return rows.length === 0 ? undefined : { transaction: `${committed}`, history: 'memory' };
        },
      },
      audit: {
        record: async (event) => void events.push(event),
        recordAll: async (more) => void events.push(...more),
      },
    };
    return {
      stores: stores as Stores,
      result: () => ({ keys: signingKeys.rows, sessions, revocations, events }),
    };
  };

  /** One at a time, in the order of asking. */
  const turn = <T>(work: (stores: Stores) => Promise<T>): Promise<T> => {
    const run = async () => {
      const { stores, result } = begin();
      const answer = await work(stores);
      contents = result();
      return answer;
    };
    const ran = last.then(run);
    last = ran.catch(() => {});
    return ran;
  };

  // Outside of a transaction, each call is one of its own.
  const database: MemoryDatabase = {
    users: {} as Stores['users'],
    rights: {} as Stores['rights'],
    tokenSessions: {} as Stores['tokenSessions'],
    usedIds: {} as Stores['usedIds'],
    consents: {} as Stores['consents'],
    services: {} as Stores['services'],
    requests: {} as Stores['requests'],
    refreshes: {} as RefreshStore,
    logouts: {} as LogoutStore,
    auditLog: {} as Stores['auditLog'],
    advisoryLocks: {} as Stores['advisoryLocks'],
    truth: {} as Stores['truth'],
    passkeys: {} as Stores['passkeys'],
    linkedIdentities: {} as Stores['linkedIdentities'],
    oneTimeTokens: {} as Stores['oneTimeTokens'],
    totpFactors: { listSealedOtherwise: async () => [] } as unknown as Stores['totpFactors'],
    recoveryCodes: {} as Stores['recoveryCodes'],
    outbox: { listSealedOtherwise: async () => [] } as unknown as Stores['outbox'],
    passwordFailures: {} as Stores['passwordFailures'],
    revocations: {} as Stores['revocations'],
    signingKeys: {
      load: () => turn(({ signingKeys }) => signingKeys.load()),
      lock: () => Promise.reject(new Error('only in a transaction')),
      find: (kid) => turn(({ signingKeys }) => signingKeys.find(kid)),
      list: (limit) => turn(({ signingKeys }) => signingKeys.list(limit)),
      save: (key) => turn(({ signingKeys }) => signingKeys.save(key)),
    },
    sessions: {
      ...({} as SessionStore),
      create: (...session) => turn(({ sessions }) => sessions.create(...session)),
      nextRange: (...page) => turn(({ sessions }) => sessions.nextRange(...page)),
      nextSelected: (...page) => turn(({ sessions }) => sessions.nextSelected(...page)),
      listSealedOtherwise: (...page) => turn(({ sessions }) => sessions.listSealedOtherwise(...page)),
    },
    audit: {
      record: (...event) => turn(({ audit }) => audit.record(...event)),
      recordAll: (...events) => turn(({ audit }) => audit.recordAll(...events)),
    },
    async transaction(work) {
      const answer = await turn(async (stores) => {
        const done = await work(stores);
        if (database.fault !== undefined) throw database.fault;
        return done;
      });
      committed += 1;
      return answer;
    },
    contents: () => contents,
    put(more) {
      const sessions = new Map([...contents.sessions, ...more.map((row) => [row.id, row] as const)]);
      contents = { ...contents, sessions };
    },
    committed: () => committed,
    fault: undefined,
  };
  return database;
}

function isIn({ after = '', last = '~' }: Partial<Record<'after' | 'last', string | undefined>>, id: string) {
  return id > after && id <= last;
}

function memorySessions(rows: Map<SessionId, MemorySession>): SessionStore {
  const inOrder = () => [...rows.values()].sort((one, other) => (one.id < other.id ? -1 : 1));
  return {
    ...({} as SessionStore),
    async create(session, signingKid) {
      rows.set(session.id, { ...session, signingKids: [signingKid] });
    },
    async end(selection, _reason, now) {
      if (!('signedWith' in selection)) throw new Error('only those of a key');
      const { signedWith, range } = selection;
      const selected = inOrder().filter(
        ({ id, signingKids, accessExpiresAt }) =>
          isIn(range, id) &&
          accessExpiresAt > now - verifierLimits.clockSkewSeconds * 1000 &&
          (signingKids.length === 0 || signingKids.includes(signedWith)),
      );
      return selected.map((session): EndedSession => {
        rows.set(session.id, { ...session, endedAt: session.endedAt ?? now });
        const { id, userId, accessExpiresAt } = session;
        return {
          id,
          userId,
          hasStarted: false,
          clientIsTold: false,
          accessExpiresAt,
          newlyEnded: session.endedAt === undefined,
        };
      });
    },
    async nextRange(after, rows) {
      const next = inOrder().filter(({ id }) => isIn({ after, last: undefined }, id));
      return { after, last: next[rows - 1]?.id };
    },
    async nextSelected(_select, after, { rows: page }) {
      return this.nextRange(after, page);
    },
    async listSealedOtherwise(header, range) {
      const isOther = ({ id, sealedSecret }: MemorySession) =>
        isIn(range, id) && Buffer.compare(sealedSecret.subarray(0, header.length), header) !== 0;
      return inOrder().filter(isOther);
    },
    async reseal({ id, sealedSecret }) {
      rows.set(id, { ...(rows.get(id) as MemorySession), sealedSecret });
    },
  };
}
