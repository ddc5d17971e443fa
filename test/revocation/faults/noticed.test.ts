/** The fault tests would notice: an authority that breaks a promise is found out by each of their measures. */
import pg from 'pg';
import t from 'tap';
import type { ClusterNode } from '../../support/cluster.ts';
import {
  acknowledgementMs,
  type FaultCluster,
  type FaultResult,
  runFault,
  startFaultCluster,
} from './faultRun.ts';
import type { Fault } from './faults.ts';
import { brokenPromises } from './report.ts';

const nothing: Fault = () => () => {};

/** The same node, but that it says this whatever it is asked. */
function saying(node: ClusterNode, revoked: boolean): ClusterNode {
  const isRevoked: ClusterNode['grpc']['isRevoked'] = async (jti) => {
    return { ...(await node.grpc.isRevoked(jti)), revoked };
  };
  return { ...node, grpc: { ...node.grpc, isRevoked } };
}

const losesRevocations: Fault = ({ cluster }) => {
  return async () => {
    const database = new pg.Client({ connectionString: cluster.postgres.url });
    await database.connect();
    await database.query('DELETE FROM revocations');
    await database.end();
  };
};

t.test('what a run finds', async (t) => {
  const cluster = await startFaultCluster(1);
  t.teardown(() => cluster.stop());
  const [node] = cluster.nodes;
  const lying = (revoked: boolean): FaultCluster => ({ ...cluster, nodes: [saying(node, revoked)] });
  const table: readonly [what: string, cluster: FaultCluster, fault: Fault, found: RegExp | undefined][] = [
    ['an authority as it should be', cluster, nothing, undefined],
    ['one that forgets in memory', lying(false), nothing, /^I1/],
    ['one that revokes what it should not', lying(true), nothing, /^I4/],
    ['one that forgets in the database', cluster, losesRevocations, /^I2/],
  ];
  for (const [what, of, fault, found] of table) {
    const broken = brokenPromises(await runFault(of, fault, 500, 1_000));
    if (found === undefined) t.strictSame(broken, [], what);
    else
      t.match(
        broken.find((promise) => found.test(promise)),
        found,
        `${what}: ${broken[0]}`,
      );
  }
});

t.test('what counts as broken', async (t) => {
  const good: FaultResult = {
    ...{ checks: 100, acknowledged: 10, unavailable: 1, recoveryMs: 100 },
    ...{ notInEffect: [], lost: [], wronglyRevoked: [], unexpected: [], notes: [] },
    longestAcknowledgementMs: acknowledgementMs,
  };
  const table: readonly [what: string, change: Partial<FaultResult>, broken: RegExp | undefined][] = [
    ['nothing', {}, undefined],
    ['a check after the end', { notInEffect: ['x'] }, /^I1/],
    ['a lost revocation', { lost: ['x'] }, /^I2/],
    ['a slow logout', { longestAcknowledgementMs: acknowledgementMs + 1 }, /^I3/],
    ['a wrong "revoked"', { wronglyRevoked: ['x'] }, /^I4/],
    ['an answer that no fault excuses', { unexpected: ['x'] }, /^unexpected/],
    ['no recovery', { recoveryMs: undefined }, /recover/],
  ];
  for (const [what, change, expected] of table) {
    const broken = brokenPromises({ ...good, ...change });
    t.equal(broken.length, expected === undefined ? 0 : 1, what);
    if (expected !== undefined) t.match(broken[0], expected, what);
  }
});
