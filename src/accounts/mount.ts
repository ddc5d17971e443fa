/**
 * Accounts: users, and how they, a service or the operator create, change, disable and delete them; how an e-mail is proved
 * (`proof/`), a lost password is set anew (`recovery/`), a user says "this was not me" (`notMe/`), and users come from another
 * system (`importing/`). Does not own proving passwords (`login/`), sessions (`sessions/`) or mails (`notifications/`).
 */
import { createListAudit } from '../audit/listAudit.ts';
import type { FactorPolicy } from '../login/factors/factorPolicy.ts';
import type { RequireRecentProof } from '../login/factors/recentProof.ts';
import type { ResetFactors } from '../login/factors/reset/requestReset.ts';
import type { StopReset, StopResetByLink } from '../login/factors/reset/stopReset.ts';
import type { MakeLink } from '../notifications/links.ts';
import type { Notify } from '../notifications/outbox.ts';
import type { Config } from '../platform/config/config.ts';
import { createKeyedHash } from '../platform/keyedHash.ts';
import type { Metrics } from '../platform/observability/metrics.ts';
import type { RateLimitParts } from '../platform/rateLimits.ts';
import type { Sealing } from '../platform/sealing.ts';
import type { Counted } from '../revocation/countFailures.ts';
import type { SpendRevokeBudget } from '../revocation/revokeBudgets.ts';
import { type ChangePasswordParts, createChangePassword } from './changePassword.ts';
import { createDeleteAccount } from './deleteAccount.ts';
import { createDeleteUser, type DeletingParts } from './deleteUser.ts';
import { createDisableUser } from './disableUser.ts';
import { createEnableUser } from './enableUser.ts';
import { userService } from './grpc.ts';
import { helpRoutes } from './helpPages.ts';
import { accountRoute, deleteRoute, meRoute, passwordRoute, registerRoute } from './http.ts';
import { createImportUsers } from './importing/importUsers.ts';
import { createListUsers } from './listUsers.ts';
import { createMailBudgets } from './mailBudgets.ts';
import { notMeRoutes } from './notMe/http.ts';
import { createNotMe } from './notMe/notMe.ts';
import { phoneRoutes } from './phone/http.ts';
import { createRemovePhone } from './phone/removePhone.ts';
import { createRequestPhone, type RequestPhoneParts } from './phone/requestPhone.ts';
import { createVerifyPhone } from './phone/verifyPhone.ts';
import { createChangeEmail } from './proof/changeEmail.ts';
import { proofRoutes } from './proof/http.ts';
import { createMarkEmailVerified } from './proof/markEmailVerified.ts';
import { createRequestRegistration } from './proof/registration.ts';
import { createRequestProof } from './proof/requestProof.ts';
import { createVerifyEmail } from './proof/verifyEmail.ts';
import { createCompleteRecovery } from './recovery/completeRecovery.ts';
import { recoveryRoutes } from './recovery/http.ts';
import { createMakeRecoveryLink, createSendRecovery, createStartRecovery } from './recovery/startRecovery.ts';
import { createRegister, type RegisterParts } from './register.ts';
import { createSetOneTimePassword } from './setOneTimePassword.ts';
import { createShowUser } from './showUser.ts';
import { stopResetRoutes } from './stopResetHttp.ts';
import { createUnlockUser } from './unlockUser.ts';

type PhoneParts = FactorPolicy &
  Pick<RequestPhoneParts, 'phoneNumbers' | 'requireSms' | 'spendSms' | 'onCode'>;

export interface AccountParts extends ChangePasswordParts, DeletingParts, RegisterParts, PhoneParts {
  readonly passwords: ChangePasswordParts['passwords'] & RegisterParts['passwords'];
  readonly passwordAttempts: ChangePasswordParts['passwordAttempts'] & RegisterParts['passwordAttempts'];
  readonly registration: Config['registration'];
  readonly requireVerifiedEmail: boolean;
  readonly spendRevokeBudget: SpendRevokeBudget;
  /** Undefined when rate limits are off. */
  readonly counting: RateLimitParts | undefined;
  readonly counted: Counted;
  readonly notify: Notify;
  readonly makeLink: MakeLink;
  readonly requireMail: () => void;
  readonly requireRecentProof: RequireRecentProof;
  /** Must be equal on every node. */
  readonly keyEncryptionKey: Uint8Array;
  readonly sealing: Sealing;
  readonly metrics: Metrics;
  readonly resetFactors: ResetFactors;
  readonly stopFactorsReset: StopReset;
  readonly stopResetByLink: StopResetByLink;
}

export function mountAccounts({ counted, ...given }: AccountParts) {
  const { database, clock } = given;
  const spendMail = createMailBudgets(given.counting, given.passwordAttempts.isKnownPlace);
  const codeHash = createKeyedHash(given.keyEncryptionKey, 'email-codes');
  const rowHash = createKeyedHash(given.keyEncryptionKey, 'imported-rows');
  const parts = { ...given, spendMail, codeHash, rowHash };
  const { byLink, byCode } = createVerifyEmail(parts);
  const operations = {
    register: createRegister(parts),
    requestRegistration: createRequestRegistration(parts),
    changePassword: counted(createChangePassword(parts)),
    deleteAccount: counted(createDeleteAccount(parts)),
    disableUser: counted(createDisableUser(parts)),
    enableUser: createEnableUser({ database, clock }),
    deleteUser: counted(createDeleteUser(parts)),
    unlockUser: createUnlockUser(parts),
    requestProof: createRequestProof(parts),
    verifyEmail: { byLink: counted(byLink), byCode: counted(byCode) },
    changeEmail: createChangeEmail(parts),
    markEmailVerified: counted(createMarkEmailVerified(parts)),
    startRecovery: createStartRecovery(parts),
    sendRecovery: createSendRecovery(parts),
    makeRecoveryLink: createMakeRecoveryLink(parts),
    completeRecovery: counted(createCompleteRecovery(parts)),
    notMe: counted(createNotMe(parts)),
    requestPhone: createRequestPhone(parts),
    verifyPhone: counted(createVerifyPhone(parts)),
    removePhone: counted(createRemovePhone(parts)),
    setOneTimePassword: counted(createSetOneTimePassword(parts)),
    showUser: createShowUser(parts),
    importUsers: createImportUsers(parts),
    listUsers: createListUsers(parts),
  };
  const requestRegistration = parts.requireVerifiedEmail ? operations.requestRegistration : undefined;
  return {
    operations,
    routes: [
      registerRoute(operations.register, requestRegistration),
      passwordRoute(operations.changePassword),
      deleteRoute(operations.deleteAccount, parts.requireRecentProof),
      meRoute,
      accountRoute(database),
      helpRoutes(parts.registration === 'open'),
      ...proofRoutes({ ...operations, requireRecentProof: parts.requireRecentProof }),
      recoveryRoutes(operations.startRecovery, operations.completeRecovery),
      notMeRoutes(operations.notMe),
      stopResetRoutes(parts.stopResetByLink),
      phoneRoutes(operations, parts.requireRecentProof),
    ],
    service: userService({ ...parts, ...operations, listAudit: createListAudit(parts) }),
  };
}
