import type { SessionId, UserId } from '@countersign/verifier/ids';
import { boolean, assert as check, constantFrom, integer, option, property, record } from 'fast-check';
import t from 'tap';
import { newId } from '../../src/platform/newId.ts';
import { judgeRefresh } from '../../src/sessions/judgeRefresh.ts';
import { sessionLimits } from '../../src/sessions/limits.ts';
import type { SessionWithUser } from '../../src/sessions/store.ts';
import { noContext } from '../support/aSession.ts';

const now = Date.UTC(2030, 0, 1, 12);
const graceMs = 10_000;
const hour = 3_600_000;

/** Alive, at generation 5 since four seconds ago, and never repeated. */
const alive: SessionWithUser = {
  ...noContext,
  id: newId<SessionId>(now - hour),
  userId: newId<UserId>(now - hour),
  sealedSecret: new Uint8Array(),
  generation: 5,
  rotatedAt: now - 4_000,
  graceRepeats: 0,
  tokenVersion: 3,
  rightsEpoch: 0,
  clientId: 'first-party',
  scope: '',
  amr: ['pwd'],
  acr: '1fa',
  openedBy: [],
  authTime: now - hour,
  deviceName: undefined,
  userAgent: 'agent/1',
  ip: '192.0.2.1',
  createdAt: now - hour,
  lastUsedAt: now - 4_000,
  idleExpiresAt: now + hour,
  expiresAt: now + 2 * hour,
  accessExpiresAt: now + 900_000,
  endedAt: undefined,
  user: { tokenVersion: 3, disabled: false },
};

interface Change {
  readonly session?: Partial<SessionWithUser>;
  readonly presented?: number;
  readonly now?: number;
  readonly arrivedAt?: number;
  readonly graceMs?: number;
  readonly userAgent?: string | undefined;
  readonly ip?: string | undefined;
  readonly jkt?: string;
}

/** The verdict in short: its kind, and its rule if it has one. */
function verdict(change: Change): string {
  const client = { userAgent: alive.userAgent, ip: alive.ip, deviceId: undefined, ...change };
  const at = change.now ?? now;
  const times = { now: at, arrivedAt: change.arrivedAt ?? at, graceMs: change.graceMs ?? graceMs };
  const request = { ...times, client, jkt: change.jkt };
  const judged = judgeRefresh({ ...alive, ...change.session }, change.presented ?? 5, request);
  return 'rule' in judged ? `${judged.kind} ${judged.rule}` : judged.kind;
}

function table(title: string, rows: readonly (readonly [string, Change, string])[]): void {
  t.test(title, (t) => {
    for (const [what, change, expected] of rows) t.equal(verdict(change), expected, what);
    t.end();
  });
}

const first = { generation: 0, rotatedAt: undefined };
const previous = 4;

const waited = { arrivedAt: now - 1, session: { rotatedAt: now } };
const heldBy = (jkt: string | undefined, since = 0) => ({
  ...(jkt === undefined ? {} : { jkt }),
  session: { rotatedAt: now, boundKey: { jkt: 'key', since } },
});
table('two generations old', [
  ['in the usual case', { presented: 3 }, 'theft replayed'],
  ['there before the current one', { presented: 3, ...waited }, 'overtaken'],
  ['there with the current one', { presented: 3, ...waited, arrivedAt: now }, 'theft replayed'],
  ['by another program', { presented: 3, ...waited, userAgent: 'agent/2' }, 'theft replayed'],
  ['without a grace window', { presented: 3, ...waited, graceMs: 0 }, 'theft replayed'],
  ['three generations old', { presented: 2, ...waited }, 'theft replayed'],
  [
    'of a session that was never refreshed',
    { presented: 3, session: { rotatedAt: undefined } },
    'theft replayed',
  ],
  ['by the holder of the key', { presented: 3, ...waited, ...heldBy('key') }, 'overtaken'],
  ['by the holder of the key, later', { presented: 3, ...heldBy('key') }, 'theft replayed'],
  ['by somebody without the key', { presented: 3, ...waited, ...heldBy(undefined) }, 'refused other_key'],
  ['from before the key', { presented: 3, ...waited, ...heldBy(undefined, 4) }, 'theft replayed'],
  [
    'where the clock of the other node is ahead',
    { presented: 3, session: { rotatedAt: now + 1 } },
    'overtaken',
  ],
]);

table('the current generation advances', [
  ['in the usual case', {}, 'rotated'],
  ['the first one', { session: first, presented: 0 }, 'rotated'],
  ['right after the last rotation', { session: { rotatedAt: now } }, 'rotated'],
  ['long after the last rotation', { session: { rotatedAt: now - hour } }, 'rotated'],
  ['from another address', { ip: '198.51.100.7' }, 'rotated'],
  ['by another program: only a repeat is bound to its context', { userAgent: 'agent/2' }, 'rotated'],
  ['after the last one was repeated as often as allowed', { session: { graceRepeats: 5 } }, 'rotated'],
  ['without grace', { graceMs: 0 }, 'rotated'],
  [
    'the last one that a token can carry',
    { session: { generation: 2 ** 48 - 1 }, presented: 2 ** 48 - 1 },
    'rotated',
  ],
]);

table('the previous one gets the same successor again, for a while, for the same client', [
  ['within the grace', { presented: previous }, 'repeated_in_grace'],
  [
    'at the moment of the rotation',
    { presented: previous, session: { rotatedAt: now } },
    'repeated_in_grace',
  ],
  [
    'one millisecond before the grace ends',
    { presented: previous, session: { rotatedAt: now - 9_999 } },
    'repeated_in_grace',
  ],
  ['when the grace ends', { presented: previous, session: { rotatedAt: now - 10_000 } }, 'theft replayed'],
  [
    'looked at when it has ended, but there before',
    { presented: previous, arrivedAt: now - 1, session: { rotatedAt: now - 10_000 } },
    'repeated_in_grace',
  ],
  ['one millisecond after', { presented: previous, session: { rotatedAt: now - 10_001 } }, 'theft replayed'],
  [
    'when the clock went back a little',
    { presented: previous, session: { rotatedAt: now + 20 } },
    'repeated_in_grace',
  ],
  ['long after', { presented: previous, session: { rotatedAt: now - hour } }, 'theft replayed'],
  ['from another address', { presented: previous, ip: '198.51.100.7' }, 'repeated_in_grace'],
  ['from no address', { presented: previous, ip: undefined }, 'repeated_in_grace'],
  ['by another program', { presented: previous, userAgent: 'agent/2' }, 'theft other_context'],
  [
    'by one that does not say what it is',
    { presented: previous, userAgent: undefined },
    'theft other_context',
  ],
  [
    'by one that now says what it is',
    { presented: previous, session: { userAgent: undefined } },
    'theft other_context',
  ],
  [
    'by one that says an empty name',
    { presented: previous, session: { userAgent: undefined }, userAgent: '' },
    'theft other_context',
  ],
  [
    'by one that never said',
    { presented: previous, session: { userAgent: undefined }, userAgent: undefined },
    'repeated_in_grace',
  ],
  ['the first of all', { presented: 0, session: { generation: 1 } }, 'repeated_in_grace'],
]);

table('it is repeated at most five times', [
  ['four were', { presented: previous, session: { graceRepeats: 4 } }, 'repeated_in_grace'],
  ['five were', { presented: previous, session: { graceRepeats: 5 } }, 'repeated_too_often'],
  ['six were', { presented: previous, session: { graceRepeats: 6 } }, 'repeated_too_often'],
  [
    'five were, and the grace is over',
    { presented: previous, session: { graceRepeats: 5, rotatedAt: now - 10_000 } },
    'theft replayed',
  ],
  [
    'five were, and another program asks',
    { presented: previous, session: { graceRepeats: 5 }, userAgent: 'agent/2' },
    'theft other_context',
  ],
]);

table('with a grace of 0 there is no second time', [
  [
    'the previous, at the moment of the rotation',
    { presented: previous, graceMs: 0, session: { rotatedAt: now } },
    'theft replayed',
  ],
  ['the previous, later', { presented: previous, graceMs: 0 }, 'theft replayed'],
  [
    'the previous, when the clock went back',
    { presented: previous, graceMs: 0, session: { rotatedAt: now }, now: now - 1 },
    'theft replayed',
  ],
]);

table('anything else that is genuine is theft', [
  ['two behind', { presented: 3 }, 'theft replayed'],
  [
    'two behind, at the moment of the rotation',
    { presented: 3, session: { rotatedAt: now } },
    'theft replayed',
  ],
  ['the very first', { presented: 0 }, 'theft replayed'],
  ['one ahead', { presented: 6 }, 'theft replayed'],
  ['far ahead', { presented: 2 ** 48 - 1 }, 'theft replayed'],
  ['one ahead of a session that never rotated', { session: first, presented: 1 }, 'theft replayed'],
  [
    'one behind, of a row without the time of its rotation',
    { presented: previous, session: { rotatedAt: undefined } },
    'theft replayed',
  ],
]);

const ofKey = { boundKey: { jkt: 'key', since: 0 } };
const long = { ...ofKey, rotatedAt: now - hour };
table('a session with a key has no window, and without the key nothing happens to it', [
  ['the current one', { session: ofKey, jkt: 'key' }, 'rotated'],
  ['the current one without the key', { session: ofKey }, 'refused other_key'],
  ['the current one with another key', { session: ofKey, jkt: 'other' }, 'refused other_key'],
  ['the previous one', { session: ofKey, presented: previous, jkt: 'key' }, 'repeated_in_grace'],
  ['the previous one an hour later', { session: long, presented: previous, jkt: 'key' }, 'repeated_in_grace'],
  [
    'the previous one without grace',
    { session: ofKey, presented: previous, jkt: 'key', graceMs: 0 },
    'repeated_in_grace',
  ],
  [
    'the previous one by another program, for the sixth time',
    { session: { ...long, graceRepeats: 5 }, presented: previous, jkt: 'key', userAgent: 'agent/2' },
    'repeated_in_grace',
  ],
  ['the previous one without the key', { session: ofKey, presented: previous }, 'refused other_key'],
  ['an older one without the key', { session: ofKey, presented: 3 }, 'refused other_key'],
  ['one ahead without the key', { session: ofKey, presented: 6 }, 'refused other_key'],
  ['an older one with the key', { session: ofKey, presented: 3, jkt: 'key' }, 'theft replayed'],
  ['one that has ended', { session: { ...ofKey, endedAt: now } }, 'refused ended'],
  ['a key for a session without one', { jkt: 'key' }, 'rotated'],
  [
    'a key for a repeat of a session without one, an hour later',
    { session: { rotatedAt: now - hour }, presented: previous, jkt: 'key' },
    'theft replayed',
  ],
]);

const since5 = { boundKey: { jkt: 'key', since: 5 } };
const since5Long = { ...since5, rotatedAt: now - hour };
table('a token from before the key is judged without it: a thief may have given the session its key', [
  ['its holder repeats', { session: since5Long, presented: previous, jkt: 'key' }, 'repeated_in_grace'],
  ['somebody else, within the grace', { session: since5, presented: previous }, 'refused other_key'],
  [
    'with another key, within the grace',
    { session: since5, presented: previous, jkt: 'x' },
    'refused other_key',
  ],
  ['somebody else, later', { session: since5Long, presented: previous }, 'theft replayed'],
  ['with another key, later', { session: since5Long, presented: previous, jkt: 'x' }, 'theft replayed'],
  ['an older one', { session: since5, presented: 3 }, 'theft replayed'],
  [
    'by another program, within the grace',
    { session: since5, presented: previous, userAgent: 'x' },
    'theft other_context',
  ],
  ['the first of the key, without it', { session: since5, presented: 5 }, 'refused other_key'],
]);

const ended = { endedAt: now - 1 };
const disabled = { user: { tokenVersion: 3, disabled: true } };
const behind = { user: { tokenVersion: 4, disabled: false } };
const expired = { expiresAt: now };
const idle = { idleExpiresAt: now };
const everything = { ...ended, user: { tokenVersion: 4, disabled: true }, ...expired, ...idle };

table('a dead session is refused, and never counts as theft', [
  ['ended', { session: ended }, 'refused ended'],
  ['ended in the future of a clock that went back', { session: { endedAt: now + hour } }, 'refused ended'],
  ['ended at the epoch', { session: { endedAt: 0 } }, 'refused ended'],
  ['its user is disabled', { session: disabled }, 'refused user_disabled'],
  ['its version is behind', { session: behind }, 'refused version'],
  ['its version is ahead', { session: { tokenVersion: 4 } }, 'refused version'],
  ['one millisecond before its absolute end', { session: { expiresAt: now + 1 } }, 'rotated'],
  ['at its absolute end', { session: expired }, 'refused expired'],
  ['after its absolute end', { session: { expiresAt: now - 1 } }, 'refused expired'],
  ['one millisecond before it is idle for too long', { session: { idleExpiresAt: now + 1 } }, 'rotated'],
  ['idle for too long', { session: idle }, 'refused idle'],
  ['idle for longer', { session: { idleExpiresAt: now - 1 } }, 'refused idle'],
  [
    'used till its absolute end, though not idle',
    { session: { expiresAt: now, idleExpiresAt: now + hour } },
    'refused expired',
  ],
  ...([0, previous, 6] as const).flatMap((presented) => [
    [`ended, generation ${presented}`, { presented, session: ended }, 'refused ended'] as const,
    [`expired, generation ${presented}`, { presented, session: expired }, 'refused expired'] as const,
    [
      `idle, by another program, generation ${presented}`,
      { presented, session: idle, userAgent: 'x' },
      'refused idle',
    ] as const,
  ]),
]);

table('of several rules the first decides', [
  ['all of them', { session: everything }, 'refused ended'],
  ['all but the end', { session: { ...everything, endedAt: undefined } }, 'refused user_disabled'],
  ['version and both times', { session: { ...behind, ...expired, ...idle } }, 'refused version'],
  ['both times', { session: { ...expired, ...idle } }, 'refused expired'],
  [
    'the absolute end long ago, idle just now',
    { session: { expiresAt: now - hour, idleExpiresAt: now } },
    'refused expired',
  ],
]);

interface OlderRow {
  readonly generation: number;
  readonly presented: number;
  readonly rotated: number | null;
  readonly sameClient: boolean;
  readonly graceMs: number;
}

/** It arrived now, before the current generation was made. */
function isOvertaken({ generation, presented, rotated, sameClient, graceMs }: OlderRow): boolean {
  return presented === generation - 2 && (rotated ?? 0) > 0 && sameClient && graceMs > 0;
}

t.test('whatever the row: only the current generation of a live session is ever rotated', (t) => {
  const around = integer({ min: -3, max: 3 });
  // Mostly live ones: the dead are all refused, and every kind of verdict has to come up.
  const lasting = integer({ min: -1, max: 6 });
  const rows = record({
    generation: integer({ min: 0, max: 3 }),
    presented: integer({ min: 0, max: 4 }),
    rotated: option(around),
    repeats: integer({ min: 0, max: 7 }),
    idle: lasting,
    expires: lasting,
    ended: option(around, { freq: 1 }),
    disabled: boolean(),
    version: integer({ min: 3, max: 4 }),
    sameClient: boolean(),
    graceMs: integer({ min: 0, max: 3 }),
  });
  const kinds = new Map<string, number>();
  const sound = property(rows, (row) => {
    const session: Partial<SessionWithUser> = {
      generation: row.generation,
      rotatedAt: row.rotated === null ? undefined : now + row.rotated,
      graceRepeats: row.repeats,
      idleExpiresAt: now + row.idle,
      expiresAt: now + row.expires,
      endedAt: row.ended === null ? undefined : now + row.ended,
      user: { tokenVersion: row.version, disabled: row.disabled },
    };
    const userAgent = row.sameClient ? alive.userAgent : 'agent/2';
    const kind = verdict({ session, presented: row.presented, graceMs: row.graceMs, userAgent }).split(
      ' ',
    )[0];
    kinds.set(`${kind}`, (kinds.get(`${kind}`) ?? 0) + 1);
    const live =
      row.ended === null && !row.disabled && row.version === 3 && Math.min(row.idle, row.expires) > 0;
    const repeated = row.presented === row.generation - 1 && row.sameClient && row.rotated !== null;
    const overtaken = isOvertaken(row);
    const often = row.repeats >= sessionLimits.refreshGraceRepeats;
    const allowed: Readonly<Record<string, boolean>> = {
      refused: !live,
      rotated: live && row.presented === row.generation,
      theft: live && row.presented !== row.generation && !overtaken,
      repeated_in_grace: live && repeated && !often,
      repeated_too_often: live && repeated && often,
      overtaken: live && overtaken,
    };
    return allowed[`${kind}`] === true;
  });
  t.doesNotThrow(() => check(sound, { numRuns: 20_000 }));
  t.equal(kinds.size, 6, 'every kind of verdict came up');
  t.end();
});

t.test('whatever the row of a session with a key: without the key it is refused, and never ends', (t) => {
  const rows = record({
    generation: integer({ min: 0, max: 3 }),
    presented: integer({ min: 0, max: 4 }),
    since: integer({ min: 0, max: 3 }),
    repeats: integer({ min: 0, max: 7 }),
    jkt: option(constantFrom('other', 'key')),
    sameClient: boolean(),
  });
  const sound = property(rows, ({ generation, presented, since, repeats, jkt, sameClient }) => {
    const session = { generation, graceRepeats: repeats, boundKey: { jkt: 'key', since } };
    const userAgent = sameClient ? alive.userAgent : 'agent/2';
    const judged = verdict({ session, presented, userAgent, ...(jkt === null ? {} : { jkt }) });
    if (jkt !== 'key' && presented >= since) return judged === 'refused other_key';
    return jkt === 'key' ? judged !== 'refused other_key' : !judged.startsWith('repeated');
  });
  t.doesNotThrow(() => check(sound, { numRuns: 5_000 }));
  t.end();
});
