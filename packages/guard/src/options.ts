/** The options of a guard, checked all at once. */
import { randomBytes } from 'node:crypto';
import { isIPv6 } from 'node:net';
import { hostname } from 'node:os';
import { createSecureContext } from 'node:tls';
import { verifierLimits } from '@countersign/verifier/limits';
import type { Address, ClientTls } from './address.ts';
import type { GuardHooks } from './hooks.ts';
import { guardLimits } from './limits.ts';

export interface GuardOptions {
  /** The authority's gRPC addresses: `host:port`, or several of one authority. */
  readonly authority: string | readonly string[];
  /** The `aud` of accepted tokens: the authority's AUDIENCE. */
  readonly audience: string;
  /** The token of a service that may check tokens (`countersign services create`). Not needed with a client certificate. */
  readonly serviceToken?: string | undefined;
  /** PEM. `ca` issued the authority's certificate; the other two are for mutual TLS. */
  readonly tls?: ClientTls;
  /** The `iss` of accepted tokens. By default, the issuer the authority reports. */
  readonly issuer?: string;
  /** Without a lease: ask the authority about each token (the default), or refuse. No token is accepted unchecked. */
  readonly withoutLease?: 'ask' | 'refuse';
  /** This guard's name in the authority's logs: 1 to 64 of A-Z a-z 0-9 . _ - */
  readonly edgeId?: string;
  /** Maximum number of live revocations, at about 3.3 bytes each. */
  readonly maximumRevocations?: number;
  /** Maximum number of cached tokens with verified signatures, at about 2 kB each. */
  readonly rememberedTokens?: number;
  /** Allows service tokens and keys in plain text to other machines. For networks that encrypt by themselves. */
  readonly allowPlaintext?: boolean;
  readonly hooks?: GuardHooks;
}

/** The checked options. */
export interface GuardSettings {
  readonly addresses: readonly Address[];
  readonly audience: string;
  readonly serviceToken: string | undefined;
  readonly tls: ClientTls | undefined;
  readonly issuer: string | undefined;
  readonly asks: boolean;
  readonly edgeId: string;
  readonly maximumRevocations: number;
  readonly rememberedTokens: number;
  readonly hooks: GuardHooks;
}

/** The options are invalid. Each of `faults` names an option and the rule it breaks. */
export class GuardOptionsError extends TypeError {
  override readonly name = 'GuardOptionsError';
  readonly faults: readonly string[];

  constructor(faults: readonly string[]) {
    super(`createGuard: ${faults.join('; ')}`);
    this.faults = faults;
  }
}

type Rule = (options: Record<keyof GuardOptions, unknown>) => boolean | string;

const isText = (value: unknown): value is string => typeof value === 'string' && value !== '';
const isAbsent = (value: unknown) => value === undefined;
const isSize = (value: unknown, maximum: number) =>
  Number.isSafeInteger(value) && (value as number) >= 1 && (value as number) <= maximum;

/** Returns true, or the broken rule. */
const rules: Record<keyof GuardOptions, Rule> = {
  authority: ({ authority }) => {
    const written = [authority].flat();
    if (written.length === 0 || written.length > guardLimits.addresses)
      return `must be one address or up to ${guardLimits.addresses}`;
    if (!written.every((text) => parseAddress(text) !== undefined))
      return 'must be host:port, such as "auth.internal:50051" or "[::1]:50051", or an array of these';
    return new Set(written).size === written.length || 'must not name an address twice';
  },
  audience: ({ audience }) =>
    (isText(audience) && audience.length <= guardLimits.nameCharacters) ||
    'must be the audience of the tokens, as text',
  serviceToken: ({ serviceToken, tls }) => {
    if (serviceToken === undefined)
      return hasCertificate(tls) || 'is required, unless tls has a certificate that names this service';
    return (
      (isText(serviceToken) && /^st_[\x21-\x7e]{1,509}$/.test(serviceToken)) ||
      'must be a service token, st_…'
    );
  },
  tls: ({ tls, authority, allowPlaintext }) => {
    if (tls !== undefined) return faultOfTls(tls);
    const remote = [authority]
      .flat()
      .map(parseAddress)
      .filter((address) => address && !isLoopback(address.host));
    return (
      remote.length === 0 ||
      allowPlaintext === true ||
      'is required for an authority on another machine (or set allowPlaintext)'
    );
  },
  issuer: ({ issuer }) =>
    isAbsent(issuer) ||
    (isText(issuer) && issuer.length <= guardLimits.nameCharacters) ||
    'must be the issuer of the tokens, as text',
  withoutLease: ({ withoutLease }) =>
    isAbsent(withoutLease) ||
    withoutLease === 'ask' ||
    withoutLease === 'refuse' ||
    'must be "ask" or "refuse"',
  edgeId: ({ edgeId }) =>
    isAbsent(edgeId) ||
    (isText(edgeId) && subscriberShape.test(edgeId)) ||
    'must be 1 to 64 of A-Z a-z 0-9 . _ -',
  maximumRevocations: ({ maximumRevocations }) =>
    isAbsent(maximumRevocations) ||
    isSize(maximumRevocations, guardLimits.maximumRevocations) ||
    `must be an integer from 1 to ${guardLimits.maximumRevocations}`,
  rememberedTokens: ({ rememberedTokens }) =>
    isAbsent(rememberedTokens) ||
    isSize(rememberedTokens, guardLimits.maximumRememberedTokens) ||
    `must be an integer from 1 to ${guardLimits.maximumRememberedTokens}`,
  allowPlaintext: ({ allowPlaintext }) =>
    isAbsent(allowPlaintext) || typeof allowPlaintext === 'boolean' || 'must be true or false',
  hooks: ({ hooks }) =>
    isAbsent(hooks) ||
    (typeof hooks === 'object' &&
      hooks !== null &&
      Object.values(hooks).every((hook) => isAbsent(hook) || typeof hook === 'function')) ||
    'must be an object of functions',
};

/** Throws `GuardOptionsError` with all faults. */
export function readOptions(options: GuardOptions): GuardSettings {
  const given = { ...(options as unknown as Record<keyof GuardOptions, unknown>) };
  const unknown = Object.keys(given).filter((name) => !(name in rules));
  const faults = Object.entries(rules).flatMap(([name, rule]) => {
    const outcome = rule(given);
    return outcome === true ? [] : [`${name}: ${outcome}`];
  });
  faults.push(...unknown.map((name) => `${name}: is not an option`));
  if (faults.length > 0) throw new GuardOptionsError(faults);
  const { authority, audience, serviceToken, tls, issuer, withoutLease = 'ask' } = options;
  return {
    addresses: [authority].flat().map((text) => parseAddress(text) as Address),
    audience,
    serviceToken,
    tls,
    issuer,
    asks: withoutLease === 'ask',
    edgeId: options.edgeId ?? someSubscriberId(),
    maximumRevocations: options.maximumRevocations ?? guardLimits.revocations,
    rememberedTokens: options.rememberedTokens ?? verifierLimits.verifiedTokens,
    hooks: options.hooks ?? {},
  };
}

const addressShape = /^(?:\[([0-9a-f:.]{2,45})\]|([a-z0-9](?:[a-z0-9._-]{0,251}[a-z0-9])?)):(\d{1,5})$/i;

/** A name with a numeric last part would be read as an IPv4 address (WHATWG URL), nearly always wrongly. */
function parseAddress(text: unknown): Address | undefined {
  if (typeof text !== 'string') return undefined;
  const [, v6, name, digits] = addressShape.exec(text) ?? [];
  const host = v6 ?? name;
  const port = Number(digits);
  const isWrong = host === undefined || port < 1 || port > 65_535 || (v6 !== undefined && !isIPv6(v6));
  return isWrong || !URL.canParse(`http://${text}`) ? undefined : { host, port, text };
}

function isLoopback(host: string): boolean {
  return host.toLowerCase() === 'localhost' || host === '::1' || /^127(\.\d{1,3}){3}$/.test(host);
}

function hasCertificate(tls: unknown): boolean {
  return typeof tls === 'object' && tls !== null && 'certificate' in tls && tls.certificate !== undefined;
}

function faultOfTls(tls: unknown): true | string {
  if (typeof tls !== 'object' || tls === null) return 'must be { ca, certificate?, privateKey? }, PEM each';
  const { ca, certificate, privateKey, ...others } = tls as Record<string, unknown>;
  const [other] = Object.keys(others);
  if (other !== undefined) return `has no member ${other}`;
  const isPem = (value: unknown) => isText(value) || Buffer.isBuffer(value);
  if (!isPem(ca))
    return 'ca must be the PEM certificate of the CA that issued the certificate of the authority';
  if ((certificate === undefined) !== (privateKey === undefined))
    return 'certificate and privateKey must be given together';
  if (certificate !== undefined && !(isPem(certificate) && isPem(privateKey)))
    return 'certificate and privateKey must be PEM';
  try {
    createSecureContext({ ca, cert: certificate, key: privateKey } as Parameters<
      typeof createSecureContext
    >[0]);
    return true;
  } catch (error) {
    return `cannot be used: ${(error as Error).message}`;
  }
}

const subscriberShape = /^[A-Za-z0-9._-]{1,64}$/;

function someSubscriberId(): string {
  const host = hostname()
    .replaceAll(/[^A-Za-z0-9._-]/g, '-')
    .slice(0, 40);
  return `${host}-${process.pid}-${randomBytes(4).toString('hex')}`;
}
