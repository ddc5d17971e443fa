/** When a database is older than what was seen of it. */

import type { SessionId } from '@countersign/verifier/ids';
import t from 'tap';
import { truthLimits } from '../../src/truth/limits.ts';
import { doubtOf, type Evidence, type Sighting } from '../../src/truth/sighting.ts';

const now = Date.UTC(2030, 0, 1);
const sessionId = 'canary' as SessionId;
const position = { history: '7.00000001.16384.5', snapshot: '100:110:' };
const seen: Sighting = {
  deployment: 'A',
  decisions: ['one'],
  canary: { sessionId, generation: 5 },
  commit: { history: position.history, transaction: '109' },
  revocation: { subject: 'x', expiresAt: now + 60_000 },
  savedAt: now - 1_000,
};
const found: Evidence = {
  ...{ deployment: 'A', decisions: ['one'], position },
  ...{ generation: 5, revocationExpiresAt: now + 60_000 },
};
const longAgo = now - truthLimits.canaryKeptMilliseconds;

const rows: readonly [string, Partial<Sighting>, Partial<Evidence>, RegExp | undefined][] = [
  ['all of it is there', {}, {}, undefined],
  ['and more', {}, { generation: 9, revocationExpiresAt: now + 90_000 }, undefined],
  ['the canary is of an earlier round', {}, { generation: 4 }, /lacks what was written/],
  ['the canary is not there', {}, { generation: undefined }, /lacks what was written/],
  ['the canary was deleted in its time', { savedAt: longAgo }, { generation: undefined }, undefined],
  [
    'a transaction is still to come',
    { commit: { history: position.history, transaction: '110' } },
    {},
    /transaction 110/,
  ],
  [
    'after a crash of the server',
    {},
    { position: { ...position, history: '7.00000001.16384.6' } },
    undefined,
  ],
  [
    'at an earlier point in time, on a new timeline',
    {},
    { position: { history: '7.00000002.16384.9', snapshot: '90:95:' } },
    /transaction 109/,
  ],
  [
    'ids of another database do not compare',
    {},
    { position: { history: '7.00000001.99.5', snapshot: '1:2:' } },
    undefined,
  ],
  ['a revocation is gone', {}, { revocationExpiresAt: undefined }, /lacks a revocation/],
  ['a revocation expires earlier', {}, { revocationExpiresAt: now + 59_999 }, /lacks a revocation/],
  [
    'an expired revocation may be gone',
    { revocation: { subject: 'x', expiresAt: now } },
    { revocationExpiresAt: undefined },
    undefined,
  ],
  ['another database', {}, { deployment: 'B' }, /is another one: B, not A/],
  ['the last decision is not there', { decisions: ['one', 'two'] }, {}, /last `countersign restored`/],
  ['no decision is there', {}, { decisions: [] }, /last `countersign restored`/],
  [
    'a decision that nobody here has seen',
    {},
    { decisions: ['one', 'new'], generation: undefined },
    undefined,
  ],
  [
    'the same, about another database',
    {},
    { deployment: 'B', decisions: ['new'], generation: undefined },
    /is another one/,
  ],
];

for (const [name, sighting, evidence, why] of rows) {
  const answer = doubtOf({ ...seen, ...sighting }, { ...found, ...evidence }, now);
  if (why === undefined) t.equal(answer, undefined, name);
  else t.match(answer?.what, why, name);
}
