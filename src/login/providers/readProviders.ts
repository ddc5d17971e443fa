/** The file that PROVIDERS_FILE names: which providers there are. It holds secrets, which no message shows. */
import { readFile } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { StartupError } from '@countersign/verifier/errors';
import { isUuid } from '@countersign/verifier/ids';
import { isLoopback } from '../../platform/config/issuer.ts';
import { providerLimits } from './limits.ts';
import type { Provider } from './provider.ts';

type Entry = Readonly<Record<string, unknown>>;

/** Throws `StartupError` with one line for each fault. */
export async function readProviders(path: string): Promise<readonly Provider[]> {
  const faults: string[] = [];
  const refuse = (where: string, rule: string) => void faults.push(`PROVIDERS_FILE: ${where}must ${rule}`);
  const entries = await entriesOf(path);
  if (entries === undefined || entries.length > providerLimits.providers)
    refuse('', `name a file with a JSON array of at most ${providerLimits.providers} providers`);
  const read = (entries ?? []).map(async (entry, index) => {
    const complete = await withSecret(entry, dirname(path));
    for (const [field, rule] of brokenRules(complete)) refuse(`provider ${index + 1}: ${field}: `, rule);
    return complete;
  });
  const providers = (await Promise.all(read)).map(providerOf);
  for (const member of ['name', 'issuer'] as const)
    if (new Set(providers.map((each) => each[member])).size < providers.length)
      refuse('', `name each ${member} once`);
  if (faults.length > 0) throw new StartupError(faults.join('\n'));
  return providers;
}

async function entriesOf(path: string): Promise<readonly Entry[] | undefined> {
  try {
    const text = (await readFile(path, 'utf8')).replace(/^\uFEFF/, '');
    const value = text.length > providerLimits.fileBytes ? undefined : (JSON.parse(text) as unknown);
    const isObject = (each: unknown) => typeof each === 'object' && each !== null && !Array.isArray(each);
    return Array.isArray(value) && value.every(isObject) ? value : undefined;
  } catch {
    return undefined;
  }
}

/** `client_secret_file`, relative to the file: as orchestrators mount secrets. */
async function withSecret({ client_secret_file: path, ...entry }: Entry, folder: string): Promise<Entry> {
  if (path === undefined || entry['client_secret'] !== undefined)
    return path === undefined ? entry : { ...entry, client_secret_file: path };
  const text = await readFile(resolve(folder, String(path)), 'utf8').catch(() => '');
  return { ...entry, client_secret: text.replace(/\r?\n$/, '') };
}

const fields = [
  ...['name', 'label', 'kind', 'issuer', 'client_id'],
  ...['client_secret', 'client_secret_file', 'trust_email', 'tenants'],
];
const entraOrigin = 'https://login.microsoftonline.com';

function brokenRules(entry: Entry): readonly (readonly [field: string, rule: string])[] {
  const { name, label, kind = 'oidc', client_id: id, client_secret: secret, trust_email: trust } = entry;
  const issuer = issuerOf(entry);
  const tenant = kind === 'oidc' ? entraTenant(issuer) : undefined;
  const isMultiTenant = tenant !== undefined && !isUuid(tenant);
  const broken: (readonly [boolean, string, string])[] = [
    ...Object.keys(entry).map(
      (field) => [!fields.includes(field), field, `be one of ${fields.join(', ')}`] as const,
    ),
    [!isText(name, /^[a-z][a-z0-9-]{0,30}$/), 'name', 'be 1–31 of a–z, 0–9 and -, beginning with a letter'],
    [
      !isText(label, /^[^\p{C}\p{Zl}\p{Zp}]+$/u) || label.length > providerLimits.labelCharacters,
      'label',
      `be 1–${providerLimits.labelCharacters} characters without controls`,
    ],
    [kind !== 'oidc' && kind !== 'github', 'kind', 'be oidc or github'],
    [
      !isIssuer(issuer),
      'issuer',
      'be an https URL (http only on a loopback host) without query and fragment',
    ],
    [!isText(id, /^[!-~]{1,255}$/), 'client_id', 'be 1–255 printable ASCII characters without spaces'],
    [entry['client_secret_file'] !== undefined, 'client_secret_file', 'not be set beside client_secret'],
    [
      !isText(secret, /^[^\p{Cc}]+$/u) || secret.length > providerLimits.secretCharacters,
      'client_secret',
      `be set, here or in the file that client_secret_file names: 1–${providerLimits.secretCharacters} characters without controls`,
    ],
    [trust !== undefined && typeof trust !== 'boolean', 'trust_email', 'be true or false'],
    [
      isMultiTenant ? !isTenants(entry['tenants']) : entry['tenants'] !== undefined,
      'tenants',
      `be "any" or 1–${providerLimits.tenants} tenant ids for ${entraOrigin}/organizations/v2.0 and its like, and for nobody else`,
    ],
    [
      tenant !== undefined && trust === true,
      'trust_email',
      'not be true for Entra, which does not say that it verified an e-mail: administrators of a tenant give any to their users',
    ],
  ];
  return broken.filter(([isBroken]) => isBroken).map(([, field, rule]) => [field, rule]);
}

function isText(value: unknown, pattern: RegExp): value is string {
  return typeof value === 'string' && pattern.test(value);
}

function issuerOf({ kind, issuer }: Entry): unknown {
  return kind === 'github' && issuer === undefined ? 'https://github.com' : issuer;
}

function isIssuer(value: unknown): value is string {
  if (typeof value !== 'string' || !/^https?:\/\/[!-~]+$/.test(value) || !URL.canParse(value)) return false;
  const { protocol, hostname, username, password } = new URL(value);
  if (username !== '' || password !== '' || /[?#@]/.test(value)) return false;
  return protocol === 'https:' || isLoopback(hostname);
}

/** Of Microsoft Entra: the tenant's id, or `common`, `organizations` or `consumers`. */
function entraTenant(issuer: unknown): string | undefined {
  if (!isIssuer(issuer)) return undefined;
  const { origin, pathname } = new URL(issuer);
  return origin === entraOrigin ? (pathname.split('/')[1] ?? '') : undefined;
}

function isTenants(value: unknown): boolean {
  if (value === 'any') return true;
  const isId = (each: unknown) => typeof each === 'string' && isUuid(each);
  return (
    Array.isArray(value) && value.length > 0 && value.length <= providerLimits.tenants && value.every(isId)
  );
}

/** Of an entry without faults. */
function providerOf(entry: Entry): Provider {
  const issuer = String(issuerOf(entry));
  const tenant = entraTenant(issuer);
  const only = tenant !== undefined && isUuid(tenant) ? [tenant] : undefined;
  return {
    name: String(entry['name']),
    label: String(entry['label']),
    kind: entry['kind'] === 'github' ? 'github' : 'oidc',
    issuer,
    clientId: String(entry['client_id']),
    clientSecret: String(entry['client_secret']),
    trustEmail: entry['trust_email'] === true,
    tenants: only ?? (entry['tenants'] as Provider['tenants']),
  };
}
