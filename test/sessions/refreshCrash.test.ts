/**
 * A node dies at each moment of a refresh: before each statement reaches the database, and before each answer of the database
 * reaches the node. Whatever the client sends next ends in a working session.
 */
import t from 'tap';
import { startChunkLine } from '../support/chunkLine.ts';
import { startCluster } from '../support/cluster.ts';
import { seedSessions } from '../support/seededSessions.ts';

/** More than any refresh has. */
const mostMoments = 10;

/** The client comes back as soon as the node does: that must be within the grace. */
t.test('a refresh that dies (R6)', async (t) => {
  const cluster = await startCluster(1, { REFRESH_GRACE: '2m' });
  t.teardown(() => cluster.stop());
  const [node] = cluster.nodes;
  // By the names of what is prepared: a connection is told the text but once.
  const isOurs = (bytes: Buffer) =>
    bytes.includes('session_with_rights') || bytes.includes('advance_session');
  const line = await startChunkLine(cluster.postgres.port, isOurs);
  t.teardown(() => line.close());
  node.lines.postgres.retarget(line.port);

  const sessions = await seedSessions(cluster, mostMoments);
  const refresh = (refreshToken: string) =>
    node.call('POST', '/auth/refresh', { body: { refresh_token: refreshToken }, milliseconds: 20_000 });
  const outcomes = new Set<string>();
  let died = 0;
  for (const [index, { id, refreshToken }] of sessions.entries()) {
    let dying: Promise<void> | undefined;
    line.arm(index + 1, () => {
      dying = node.kill();
    });
    const answer = await refresh(refreshToken).catch(() => undefined);
    line.disarm();
    if (dying === undefined) {
      t.equal(answer?.status, 200, 'nothing is left to die at');
      break;
    }
    died += 1;
    await dying;
    await node.start();
    const again = await refresh(refreshToken);
    t.match(again, { status: 200, body: { session_id: id } }, `moment ${index + 1}: the same token again`);
    const next = await refresh(again.body.refresh_token);
    t.equal(next.status, 200, `moment ${index + 1}: and the one that it was given`);
    outcomes.add(answer === undefined ? 'no answer' : String(answer.status));
  }
  t.equal(died, 4, 'it died before each of its two statements, and before the answer to each');
  t.strictSame([...outcomes], ['no answer']);
});
