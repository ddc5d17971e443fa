/** A token that is being made while its key is revoked elsewhere: it is refused, or its session ends. None escapes. */

import type { DenyList } from '@countersign/verifier/revocation/denyList';
import { keySubject } from '@countersign/verifier/tokens/publicKey';
import t from 'tap';
import { createRefreshTokens } from '../../src/sessions/refreshToken.ts';
import { chooseSigner, respondWithTokens, type TokenParts } from '../../src/sessions/tokenResponse.ts';
import { createAccessTokenIssuer } from '../../src/tokens/accessToken.ts';
import { aSession } from '../support/aSession.ts';
import { kidOf } from '../support/clients.ts';
import { createKeyNodes, operator, quickPolicy as policy } from '../support/keyNode.ts';
import { audience, issuer } from '../support/tokenForge.ts';

/** Two nodes: one makes tokens, the other revokes keys. What is in effect, the deny-list of both knows. */
async function setUp() {
  const world = createKeyNodes(2);
  const { nodes, told, sealing, clock, kidIn, look } = world;
  const [node, other] = nodes as [(typeof nodes)[0], (typeof nodes)[0]];
  await look();
  const known = (subject: Uint8Array) =>
    told.flat().some((row) => Buffer.compare(row.subject, subject) === 0);
  const denyList: Pick<DenyList, 'check'> = {
    check: (subjects) =>
      subjects.some(known)
        ? { revoked: true, decidedBy: 'lru', reason: 'key_revoked' }
        : { revoked: false, decidedBy: 'bloom' },
  };
  const refreshTokens = createRefreshTokens(sealing);
  const parts: TokenParts = {
    keyRing: node.keyRing,
    ringKeeper: node.ringKeeper,
    denyList,
    accessTokens: createAccessTokenIssuer({ issuer, audience, accessTtlMs: policy.tokenLifetimeMs }),
    refreshTokens,
  };
  const now = clock.now();
  const begun = aSession(now);
  const session = {
    ...begun,
    sealedSecret: refreshTokens.newSealedSecret(begun.id),
    generation: 0,
    idleExpiresAt: now + 1_000_000,
    accessExpiresAt: parts.accessTokens.expiry(now),
  };
  return { ...world, parts, session, node, other, now, leaked: kidIn('active'), successor: kidIn('next') };
}

type Moment = 'before' | 'chosen' | 'stored' | 'minted' | 'answered';

const given = (now: number) => {
  const rights = { scope: '', roles: [], tokenExpiresAt: now + policy.tokenLifetimeMs };
  return { now, audience, rights };
};

/** What a login or a refresh does, with a revocation on the other node at this moment. */
async function makeToken(at: Moment) {
  const world = await setUp();
  const { parts, session, other, now, leaked, database, nodes } = world;
  let endedSessions = 0;
  const reached = async (moment: Moment) => {
    if (moment === at) ({ endedSessions } = await other.revokeKey(leaked, operator));
  };
  const issue: TokenParts['accessTokens']['issue'] = async (...what) => {
    const token = await parts.accessTokens.issue(...what);
    await reached('minted');
    return token;
  };
  const make = async () => {
    await reached('before');
    const signer = await chooseSigner(parts, now);
    await reached('chosen');
    await database.sessions.create(session, signer.kid);
    await reached('stored');
    const accessTokens = { ...parts.accessTokens, issue };
    const { accessToken } = await respondWithTokens({ ...parts, accessTokens }, session, signer, given(now));
    await reached('answered');
    return kidOf(accessToken);
  };
  const outcome = await make().catch((error) => `${error.code} ${error.reason}`);
  for (const { ringKeeper } of nodes) await ringKeeper.stop();
  const ended = database.contents().sessions.get(session.id)?.endedAt !== undefined;
  return { ...world, outcome, ended, endedSessions };
}

const refused = 'unavailable key_revoked';
const moments: readonly (readonly [Moment, outcome: string, ended: boolean, sentence: string])[] = [
  ['before', 'successor', false, 'the deny-list is asked, then the ring is looked at: the next key signs'],
  ['chosen', refused, false, 'no token is given'],
  ['stored', refused, true, 'no token is given, and the session ends'],
  ['minted', refused, true, 'the token is thrown away, and the session ends'],
  ['answered', 'leaked', true, 'the token is out, and the session ends'],
];

for (const [moment, becomes, ends, sentence] of moments) {
  t.test(`a key that is revoked when a token is at "${moment}": ${sentence}`, async (t) => {
    const { outcome, ended, endedSessions, leaked, successor } = await makeToken(moment);
    t.equal(outcome, { leaked, successor }[becomes] ?? becomes);
    t.equal(ended, ends);
    t.equal(endedSessions, ends ? 1 : 0, 'as the answer to who revoked it says');
  });
}

t.test('a key that is not revoked: no look, and the key of the ring', async (t) => {
  const { parts, leaked, session, now, nodes } = await setUp();
  const ringKeeper = { ...parts.ringKeeper, reload: async () => void t.fail('nobody looks') };
  const signer = await chooseSigner({ ...parts, ringKeeper }, now);
  t.equal(signer.kid, leaked);
  t.strictSame(Buffer.from(signer.subject), Buffer.from(keySubject(leaked)));
  const response = await respondWithTokens(parts, session, signer, given(now));
  t.equal(kidOf(response.accessToken), leaked);
  const { id: sessionId } = session;
  t.match(response, { expiresIn: policy.tokenLifetimeMs / 1_000, refreshExpiresIn: 1_000, sessionId });
  for (const { ringKeeper } of nodes) await ringKeeper.stop();
});

t.test(
  'a ring that is too old is looked at before it signs; without an answer nothing is signed',
  async (t) => {
    const { parts, nodes, other, clock, now, database, leaked, successor } = await setUp();
    const { load } = database.signingKeys;
    await other.rotateKey(operator);
    database.signingKeys.load = () => Promise.reject(new Error('on purpose'));
    await clock.advance(policy.ringAgeMs);
    t.equal((await chooseSigner(parts, now)).kid, leaked, 'as young as it has to be');
    await clock.advance(1);
    await t.rejects(chooseSigner(parts, now), { code: 'unavailable', reason: 'key_ring_out_of_date' });
    database.signingKeys.load = load;
    t.equal((await chooseSigner(parts, now)).kid, successor);
    for (const { ringKeeper } of nodes) await ringKeeper.stop();
  },
);
