/** Puts second factors together: the table of kinds, the login that waits for one, and the routes. */
import type { Clock } from '@countersign/verifier/clock';
import { createEarliestTime } from '@countersign/verifier/steadyTime';
import type { Database } from '../../database.ts';
import type { Notices } from '../../notifications/notices.ts';
import { type Job, pruningJob } from '../../platform/jobs.ts';
import type { Log } from '../../platform/observability/log.ts';
import type { Metrics } from '../../platform/observability/metrics.ts';
import type { Sealing } from '../../platform/sealing.ts';
import type { Counted } from '../../revocation/countFailures.ts';
import type { RelyingParty } from '../passkeys/relyingParty.ts';
import { createEnrolAtLogin } from './enrolAtLogin.ts';
import {
  createConfirmTotp,
  createEnrolTotp,
  createEnrolTotpForCaller,
  createVerifyEnrolment,
} from './enrolTotp.ts';
import type { FactorPolicy } from './factorPolicy.ts';
import { createFactorKinds, type FactorKind, type FactorKinds } from './factors.ts';
import { createFinishLogin, type FinishLoginParts } from './finishLogin.ts';
import { factorRoutes } from './http.ts';
import { factorLimits } from './limits.ts';
import { createListFactors } from './listFactors.ts';
import { createAskForFactor } from './pendingLogin.ts';
import { proveRoutes } from './proveHttp.ts';
import { createRequireRecentProof } from './recentProof.ts';
import { createRecoveryCodeKind } from './recoveryCodeKind.ts';
import { createRemoveFactor } from './removeFactor.ts';
import { createRenewRecoveryCodes } from './renewRecoveryCodes.ts';
import { dueResetsJob } from './reset/dueResets.ts';
import { createResetFactors, type RequestResetParts } from './reset/requestReset.ts';
import { createStopReset, createStopResetByLink } from './reset/stopReset.ts';
import { createStartLoginFactor, createStartStepUp } from './startFactor.ts';
import { createStepUp, type StepUpParts } from './stepUp.ts';
import { createTotpSecrets, type TotpSecrets } from './totp.ts';
import { createTotpKind } from './totpKind.ts';

/** What other slices use, too. */
export function openFactors(parts: {
  readonly database: Database;
  readonly clock: Clock;
  readonly sealing: Sealing;
  readonly notices: Notices;
  readonly log: Pick<Log, 'error'>;
  /** Codes by mail and by message. */
  readonly codeKinds: readonly FactorKind[];
  readonly passkeyKind: FactorKind;
  readonly providerKind: FactorKind;
}) {
  const { totpFactors, recoveryCodes } = parts.database;
  const totpSecrets = createTotpSecrets(parts.sealing);
  const kinds = createFactorKinds([
    parts.passkeyKind,
    createTotpKind({
      ...{ totpFactors, secrets: totpSecrets },
      onUnreadable: (factor) =>
        parts.log.error({ factor }, 'no key opens the secret of an authenticator app'),
    }),
    createRecoveryCodeKind({ recoveryCodes, notices: parts.notices }),
    ...parts.codeKinds,
    parts.providerKind,
  ]);
  return { totpSecrets, kinds, requireRecentProof: createRequireRecentProof({ ...parts, kinds }) };
}

export type OpenedFactors = ReturnType<typeof openFactors>;

export interface FactorMountParts
  extends OpenedFactors,
    Omit<FinishLoginParts, 'verifyEnrolment' | 'onTry'>,
    Omit<StepUpParts, 'onTry'>,
    FactorPolicy,
    RequestResetParts {
  readonly kinds: FactorKinds;
  readonly totpSecrets: TotpSecrets;
  readonly rateLimits: FinishLoginParts['rateLimits'];
  readonly passwordAttempts: FinishLoginParts['passwordAttempts'];
  readonly issuer: string;
  /** Undefined without a host name in ISSUER. */
  readonly relyingParty: RelyingParty | undefined;
  readonly metrics: Metrics;
  readonly counted: Counted;
}

export function mountFactors({ counted, totpSecrets, issuer, metrics, ...given }: FactorMountParts) {
  const issuerHost = new URL(issuer).hostname.replaceAll(/[[\]:]/g, '');
  const parts = {
    ...{ ...given, secrets: totpSecrets, issuerHost },
    onTry: (factor: string, outcome: 'proved' | 'refused') => metrics.secondFactor(factor, outcome),
  };
  const enrolTotp = createEnrolTotp(parts);
  const management = {
    listFactors: createListFactors(parts),
    enrolTotp: createEnrolTotpForCaller(parts, enrolTotp),
    confirmTotp: createConfirmTotp(parts),
    removeFactor: counted(createRemoveFactor(parts)),
    renewRecoveryCodes: createRenewRecoveryCodes(parts),
    requireRecentProof: parts.requireRecentProof,
    relyingParty: parts.relyingParty,
  };
  const proving = {
    startLoginFactor: createStartLoginFactor(parts),
    enrolAtLogin: createEnrolAtLogin({ ...parts, enrolTotp }),
    finishLogin: createFinishLogin({ ...parts, verifyEnrolment: createVerifyEnrolment(parts) }),
    startStepUp: createStartStepUp(parts),
    stepUp: createStepUp(parts),
  };
  return {
    askForFactor: createAskForFactor(parts),
    signIn: proving,
    operations: {
      resetFactors: counted(createResetFactors(parts)),
      stopFactorsReset: createStopReset(parts),
      stopResetByLink: createStopResetByLink(parts),
    },
    routes: [...factorRoutes(management), ...proveRoutes(proving)],
    jobs: [dueResetsJob(parts), ...oldEnrolmentAndTokenJobs({ ...parts, metrics })],
  };
}

/** Deletes enrolments that nobody confirmed, and expired one-time tokens. */
function oldEnrolmentAndTokenJobs({
  database,
  clock,
  metrics,
}: Pick<FactorMountParts, 'database' | 'clock' | 'metrics'>): readonly Job[] {
  const earliestTime = createEarliestTime(clock);
  const { enrolmentMilliseconds } = factorLimits;
  return [
    pruningJob({
      name: 'old_enrolments',
      prune: (rows) => database.totpFactors.pruneEnrolments(enrolmentMilliseconds, earliestTime(), rows),
      onDeleted: (rows) => metrics.deleted('totp_factors', rows),
    }),
    pruningJob({
      name: 'old_one_time_tokens',
      prune: (rows) => database.oneTimeTokens.prune(earliestTime(), rows),
      onDeleted: (rows) => metrics.deleted('one_time_tokens', rows),
    }),
  ];
}
