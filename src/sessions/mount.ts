/**
 * Sessions and refresh tokens. Owns the session's row, the rules that judge a refresh, the browser's cookie, and every way to end
 * a session. Does not own its start (`login/`) or how its end takes effect (`revocation/propagation/`).
 */
import type { DenyList } from '@countersign/verifier/revocation/denyList';
import { createEarliestTime } from '@countersign/verifier/steadyTime';
import type { Notices } from '../notifications/notices.ts';
import type { Config } from '../platform/config/config.ts';
import type { Job } from '../platform/jobs.ts';
import { platformLimits } from '../platform/limits.ts';
import type { Log } from '../platform/observability/log.ts';
import type { Metrics } from '../platform/observability/metrics.ts';
import type { RateLimits } from '../platform/rateLimits.ts';
import type { Counted } from '../revocation/countFailures.ts';
import type { PreviewSessions } from '../revocation/previewSessions.ts';
import type { RevokingParts } from '../revocation/propagation/revokeAndPropagate.ts';
import type { Revoke } from '../revocation/revoke.ts';
import type { ReadingParts } from '../tokens/readToken.ts';
import { isTold } from './context.ts';
import { createDeleteOldSessions } from './deleteOldSessions.ts';
import { createEndSession } from './endSession.ts';
import { sessionService } from './grpc.ts';
import { sessionRoutes } from './http.ts';
import { createListSessions } from './listSessions.ts';
import { createLogout } from './logout.ts';
import { createLogoutAll } from './logoutAll.ts';
import { createLogoutOthers } from './logoutOthers.ts';
import { createGetSession } from './lookUp/getSession.ts';
import { createLookUpSession, type LookUpParts } from './lookUp/lookUpSession.ts';
import { createRefresh, type RefreshParts } from './refresh.ts';
import { createRefusalMemory } from './refusalMemory.ts';
import type { TokenParts } from './tokenResponse.ts';
import { createWaitForEnd } from './waitForEnd.ts';
import { waitForEndRoute } from './waitForEndHttp.ts';

export interface SessionParts
  extends RevokingParts,
    TokenParts,
    ReadingParts,
    Pick<LookUpParts, 'sessionEntries' | 'holdsLease'> {
  readonly ringKeeper: TokenParts['ringKeeper'] & ReadingParts['ringKeeper'];
  readonly denyList: Pick<DenyList, 'check' | 'version'>;
  readonly config: Config['sessions'];
  readonly log: Log;
  readonly metrics: Metrics;
  readonly rateLimits: RateLimits;
  readonly notices: Notices;
  readonly counted: Counted;
  readonly revoke: Revoke;
  readonly findSessions: PreviewSessions['findSessions'];
}

export function mountSessions(parts: SessionParts) {
  const { database, clock, config, log, metrics, counted, denyList } = parts;
  const onContextChange = tellOfContextChange(log, metrics);
  const lookUpSession = createLookUpSession({ ...parts, onOutcome: metrics.lookUp });
  const operations = {
    refresh: createRefresh({
      ...parts,
      refreshGraceMs: config.refreshGraceMs,
      refreshIdleTtlMs: config.refreshIdleTtlMs,
      replayEnds: config.replayEnds,
      contextPolicy: config.onSignal,
      refusals: createRefusalMemory(),
      onContextChange,
      onTheft: (sessionId, rule) =>
        log.warn({ session_id: sessionId, rule }, 'two parties used one refresh token'),
    }),
    logout: counted(createLogout(parts)),
    logoutAll: counted(createLogoutAll(parts)),
    logoutOthers: counted(createLogoutOthers(parts)),
    listSessions: createListSessions({ database, clock }),
    getSession: createGetSession({ ...parts, lookUpSession }),
    endSession: counted(createEndSession(parts)),
  };
  const waitForEnd = createWaitForEnd({ clock, denyList });
  metrics.gauge(
    'countersign_session_waits',
    'Pages that wait for the end of their session.',
    waitForEnd.waiting,
  );
  const { getSession, listSessions } = operations;
  const { revoke, findSessions } = parts;
  return {
    operations,
    lookUpSession,
    onContextChange,
    routes: [...sessionRoutes(operations), waitForEndRoute(waitForEnd)],
    service: sessionService({ getSession, listSessions, revoke, findSessions }),
    jobs: [oldSessionsJob(parts)],
  };
}

/** Every signal is counted; those an operator should see at once are also logged. */
function tellOfContextChange(log: Log, metrics: Metrics): RefreshParts['onContextChange'] {
  return (sessionId, { signals, score, action }) => {
    for (const signal of signals) metrics.contextSignal(signal, action);
    if (isTold(action))
      log.warn({ session_id: sessionId, signals, score, action }, 'the context of a session has changed');
  };
}

export function oldSessionsJob({
  database,
  clock,
  metrics,
  config,
}: Pick<SessionParts, 'database' | 'clock' | 'metrics' | 'config'>): Job {
  const { retentionMs } = config;
  const deleteOld = createDeleteOldSessions({
    database,
    retentionMs,
    earliestTime: createEarliestTime(clock),
  });
  return {
    name: 'old_sessions',
    async run() {
      const { sessions, more } = await deleteOld();
      metrics.deleted('sessions', sessions);
      return more ? platformLimits.cleanUpPauseMilliseconds : platformLimits.pruneIntervalMilliseconds;
    },
  };
}
