/**
 * WebAuthn ceremonies: options for the browser, and verdicts about its answers. Owns the library, which only this file uses. Does
 * not own challenges (they are one-time tokens) or counters (`PasskeyStore.use`).
 */
import { decodeBase64url, encodeBase64url } from '@countersign/verifier/encoding';
import { passkeyLimits } from './limits.ts';
import type { Passkey } from './passkey.ts';
import type { RelyingParty } from './relyingParty.ts';

/** Members of `AuthenticatorAttestationResponseJSON` that count; browsers send more. */
export interface RegistrationAnswer {
  readonly id: string;
  readonly rawId: string;
  readonly type: 'public-key';
  readonly response: {
    readonly clientDataJSON: string;
    readonly attestationObject: string;
    readonly transports?: readonly string[];
  };
}

/** Members of `AuthenticatorAssertionResponseJSON` that count; browsers send more. */
export interface AssertionAnswer {
  readonly id: string;
  readonly rawId: string;
  readonly type: 'public-key';
  readonly response: {
    readonly clientDataJSON: string;
    readonly authenticatorData: string;
    readonly signature: string;
    readonly userHandle?: string | null;
  };
}

export type NewCredential = Pick<
  Passkey,
  'credentialId' | 'publicKey' | 'counter' | 'transports' | 'aaguid' | 'deviceType' | 'backedUp'
>;

/** `refused`: a machine-readable word for the audit log. */
type Verdict<Verified> = Verified | { readonly refused: string };

export interface Expected {
  /** As text; the browser gets and returns its bytes in base64url. */
  readonly challenge: string;
  readonly relyingParty: RelyingParty;
}

/** EdDSA, ES256, RS256: every authenticator has one, and every supported Node.js verifies them. */
const algorithms = [-8, -7, -257];

/** It takes 300 ms to load, and most processes never see a passkey. */
const library = () => import('@simplewebauthn/server');

/** For `navigator.credentials.create()`. */
export async function creationOptions(
  { challenge, relyingParty }: Expected,
  user: { readonly handle: Uint8Array; readonly name: string },
  existing: readonly Passkey[],
) {
  const { generateRegistrationOptions } = await library();
  return generateRegistrationOptions({
    challenge,
    rpID: relyingParty.id,
    rpName: relyingParty.id,
    userID: new Uint8Array(user.handle),
    userName: user.name,
    userDisplayName: user.name,
    timeout: passkeyLimits.challengeMilliseconds,
    attestationType: 'none',
    excludeCredentials: existing.map(descriptorOf),
    // The library only prefers both, and the verdict would then come after the user's effort.
    authenticatorSelection: { residentKey: 'required', userVerification: 'required' },
    supportedAlgorithmIDs: algorithms,
  });
}

/** For `navigator.credentials.get()`. Without `allowed`, the user chooses among all passkeys of this host. */
export async function requestOptions({ challenge, relyingParty }: Expected, allowed?: readonly Passkey[]) {
  const { generateAuthenticationOptions } = await library();
  return generateAuthenticationOptions({
    challenge,
    rpID: relyingParty.id,
    timeout: passkeyLimits.challengeMilliseconds,
    userVerification: 'required',
    ...(allowed === undefined ? {} : { allowCredentials: allowed.map(descriptorOf) }),
  });
}

function descriptorOf({ credentialId, transports }: Passkey) {
  type Transport = 'internal' | 'hybrid' | 'usb' | 'nfc' | 'ble' | 'cable' | 'smart-card';
  return { id: encodeBase64url(credentialId), transports: transports as Transport[] };
}

export async function verifyRegistration(
  answer: RegistrationAnswer,
  expected: Expected,
): Promise<Verdict<NewCredential>> {
  const refused = clientDataFault(answer.response.clientDataJSON, 'webauthn.create', expected);
  if (refused !== undefined) return { refused };
  const { verifyRegistrationResponse } = await library();
  try {
    const { verified, registrationInfo } = await verifyRegistrationResponse({
      response: {
        ...answer,
        response: {
          clientDataJSON: answer.response.clientDataJSON,
          attestationObject: await withoutStatement(answer.response.attestationObject),
        },
        clientExtensionResults: {},
      },
      expectedChallenge: encodeBase64url(Buffer.from(expected.challenge)),
      expectedOrigin: expected.relyingParty.origin,
      expectedRPID: expected.relyingParty.id,
      requireUserVerification: true,
      supportedAlgorithmIDs: algorithms,
    });
    const credentialId = decodeBase64url(answer.id);
    if (!verified || credentialId === undefined || registrationInfo.credential.id !== answer.id)
      return { refused: 'attestation' };
    return {
      credentialId,
      publicKey: registrationInfo.credential.publicKey,
      counter: registrationInfo.credential.counter,
      transports: answer.response.transports ?? [],
      aaguid: registrationInfo.aaguid,
      deviceType: registrationInfo.credentialDeviceType,
      backedUp: registrationInfo.credentialBackedUp,
    };
  } catch {
    // The library throws for whatever it does not accept.
    return { refused: 'attestation' };
  }
}

/**
 * The attestation object without its statement. We ask for none, but an authenticator may send one all the same; it would prove
 * nothing to us, and verifying it makes the library fetch revocation lists from addresses that the sender chose.
 */
async function withoutStatement(attestationObject: string): Promise<string> {
  const { decodeAttestationObject, isoCBOR } = await import('@simplewebauthn/server/helpers');
  const bytes = decodeBase64url(attestationObject);
  if (bytes === undefined) throw new Error('not base64url');
  const authData = decodeAttestationObject(new Uint8Array(bytes)).get('authData');
  const none = new Map<string, Parameters<typeof isoCBOR.encode>[0]>([
    ['fmt', 'none'],
    ['attStmt', new Map()],
    ['authData', authData],
  ]);
  return encodeBase64url(isoCBOR.encode(none));
}

/** The answer's counter is not compared with the stored one: only `PasskeyStore.use` can, atomically. */
export async function verifyAssertion(
  answer: AssertionAnswer,
  passkey: Passkey,
  expected: Expected,
): Promise<Verdict<Pick<Passkey, 'counter' | 'backedUp' | 'deviceType'>>> {
  const refused = clientDataFault(answer.response.clientDataJSON, 'webauthn.get', expected);
  if (refused !== undefined) return { refused };
  const { verifyAuthenticationResponse } = await library();
  const { clientDataJSON, authenticatorData, signature } = answer.response;
  try {
    const { verified, authenticationInfo } = await verifyAuthenticationResponse({
      response: {
        ...answer,
        response: { clientDataJSON, authenticatorData, signature },
        clientExtensionResults: {},
      },
      expectedChallenge: encodeBase64url(Buffer.from(expected.challenge)),
      expectedOrigin: expected.relyingParty.origin,
      expectedRPID: expected.relyingParty.id,
      credential: {
        id: encodeBase64url(passkey.credentialId),
        publicKey: new Uint8Array(passkey.publicKey),
        // Not the stored one: the library compares before it verifies the signature, so anybody could report a clone.
        counter: 0,
      },
      requireUserVerification: true,
    });
    if (!verified) return { refused: 'signature' };
    return {
      counter: authenticationInfo.newCounter,
      backedUp: authenticationInfo.credentialBackedUp,
      deviceType: authenticationInfo.credentialDeviceType,
    };
  } catch {
    // The library throws for whatever it does not accept.
    return { refused: 'assertion' };
  }
}

/** The challenge that a browser's answer names; undefined when it names none. Proves nothing yet. */
export function challengeIn(clientDataJSON: string): string | undefined {
  const { challenge } = readClientData(clientDataJSON);
  return typeof challenge === 'string' ? decodeBase64url(challenge)?.toString() : undefined;
}

/** The library checks these again, but accepts `crossOrigin`, and names no reason that an operator could count. */
function clientDataFault(
  clientDataJSON: string,
  type: 'webauthn.create' | 'webauthn.get',
  { challenge, relyingParty }: Expected,
): string | undefined {
  const clientData = readClientData(clientDataJSON);
  if (clientData['type'] !== type) return 'client_data';
  if (clientData['challenge'] !== encodeBase64url(Buffer.from(challenge))) return 'challenge';
  if (clientData['origin'] !== relyingParty.origin) return 'origin';
  // In a frame of another site, the user does not see who asks.
  if (clientData['crossOrigin'] === true || clientData['topOrigin'] !== undefined) return 'cross_origin';
  return undefined;
}

/** Empty when it cannot be read. */
function readClientData(clientDataJSON: string): Readonly<Record<string, unknown>> {
  try {
    const read: unknown = JSON.parse(decodeBase64url(clientDataJSON)?.toString() ?? '');
    return typeof read === 'object' && read !== null ? (read as Record<string, unknown>) : {};
  } catch {
    return {};
  }
}
