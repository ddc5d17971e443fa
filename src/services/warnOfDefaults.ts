/** Warnings at start about defaults that no setting confirms. */
import type { UserStore } from '../accounts/user.ts';
import type { Config } from '../platform/config/config.ts';
import type { ListServices } from './services.ts';

interface Parts {
  readonly config: Pick<Config, 'registration' | 'registrationByDefault' | 'tokens' | 'storage' | 'messages'>;
  /** Also keeps the text, for operators who look later. */
  readonly warn: (about: object, text: string) => void;
  readonly users: Pick<UserStore, 'any'>;
  readonly listServices: ListServices;
  /** The service created by the first start in embedded mode, for trying things out. */
  readonly firstService: string;
}

export async function warnOfDefaults(parts: Parts): Promise<void> {
  await warnOfRegistration(parts);
  await warnOfSharedAudience(parts);
  warnOfNoMessages(parts);
}

/** An operator with users must not learn the default from strangers who register. */
async function warnOfRegistration({ config, warn, users }: Parts): Promise<void> {
  if (!config.registrationByDefault || !(await users.any())) return;
  const { registration } = config;
  warn({ registration }, `REGISTRATION is not set, so it is ${registration}; set it to open or closed`);
}

function warnOfNoMessages({ config: { messages }, warn }: Parts): void {
  if (messages.mail === 'none')
    warn({}, 'MAIL_URL is not set: users cannot recover their accounts, and are not told of new devices');
  if (messages.smsWebhookUrl !== undefined && messages.smsCountries.length === 0)
    warn({}, 'SMS_COUNTRIES is not set: nothing is sent to SMS_WEBHOOK_URL');
}

/** Real services receive users' tokens. */
async function warnOfSharedAudience({ config, warn, listServices, firstService }: Parts): Promise<void> {
  if (config.tokens.accountAudience !== config.tokens.audience) return;
  const services = await listServices();
  const ofTheStart = config.storage.mode === 'embedded' ? firstService : undefined;
  const made = services.filter(({ name, revokedAt }) => revokedAt === undefined && name !== ofTheStart);
  if (made.length === 0) return;
  const why = 'each service that receives a token may list and end the sessions of its user';
  warn({ services: made.length }, `ACCOUNT_AUDIENCE is AUDIENCE: ${why}`);
}
