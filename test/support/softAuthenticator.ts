/**
 * An authenticator in software (WebAuthn Level 3 §6), with the browser around it: ES256, discoverable, user verified. Tests bend
 * its answers where they say so; without that they are right.
 */
import { createHash, generateKeyPairSync, type KeyObject, randomBytes, sign } from 'node:crypto';

export interface CreationOptions {
  readonly challenge: string;
  readonly rp: { readonly id: string };
  readonly user: { readonly id: string };
}

export interface RequestOptions {
  readonly challenge: string;
  readonly rpId: string;
}

/** What differs from a right answer. */
export interface Bent {
  readonly origin?: string;
  readonly rpId?: string;
  readonly challenge?: string;
  readonly type?: string;
  readonly crossOrigin?: boolean;
  readonly topOrigin?: string;
  readonly counter?: number;
  readonly userVerified?: boolean;
  readonly userPresent?: boolean;
  readonly backedUp?: boolean;
  readonly userHandle?: string | undefined;
  /** Of a new passkey; random by default. */
  readonly credentialId?: Buffer;
  /** CBOR of the attestation statement, and its format. */
  readonly statement?: { readonly format: string; readonly cbor: Buffer };
  /** In place of the whole client data. */
  readonly clientData?: string;
}

export interface SoftPasskey {
  readonly id: string;
  readonly userHandle: string;
  /** Of the last use; 0 for an authenticator that does not count. */
  counter: number;
  readonly privateKey: KeyObject;
}

const flags = { userPresent: 1, userVerified: 4, backupEligible: 8, backedUp: 16, attested: 64 };

export interface AttestationJson {
  readonly id: string;
  readonly rawId: string;
  readonly type: 'public-key';
  readonly response: {
    readonly clientDataJSON: string;
    readonly attestationObject: string;
    readonly transports: readonly string[];
  };
  readonly clientExtensionResults: object;
}

export interface AssertionJson {
  readonly id: string;
  readonly rawId: string;
  readonly type: 'public-key';
  readonly response: {
    readonly clientDataJSON: string;
    readonly authenticatorData: string;
    readonly signature: string;
    readonly userHandle?: string | undefined;
  };
  readonly clientExtensionResults: object;
}

/** `counts`: as security keys do; synchronised passkeys always say 0. */
export function createSoftAuthenticator(origin: string, { counts = true }: { counts?: boolean } = {}) {
  return {
    /** `navigator.credentials.create()`. */
    create(
      options: CreationOptions,
      bent: Bent = {},
    ): { readonly passkey: SoftPasskey; readonly answer: AttestationJson } {
      const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
      const { credentialId = randomBytes(32) } = bent;
      const id = credentialId.toString('base64url');
      const counter = bent.counter ?? (counts ? 1 : 0);
      const length = Buffer.alloc(2);
      length.writeUInt16BE(credentialId.length);
      const authenticatorData = Buffer.concat([
        authenticator(bent.rpId ?? options.rp.id, { ...bent, counter }, flags.attested),
        ...[Buffer.alloc(16), length, credentialId, cosePublicKey(publicKey)],
      ]);
      const { format, cbor } = bent.statement ?? { format: 'none', cbor: cborMap([]) };
      const attestationObject = cborMap([
        [cborText('fmt'), cborText(format)],
        [cborText('attStmt'), cbor],
        [cborText('authData'), cborBytes(authenticatorData)],
      ]);
      const clientDataJSON = clientData('webauthn.create', origin, options.challenge, bent);
      return {
        passkey: { id, userHandle: options.user.id, counter, privateKey },
        answer: {
          ...{ id, rawId: id, type: 'public-key', clientExtensionResults: {} },
          response: {
            clientDataJSON,
            attestationObject: attestationObject.toString('base64url'),
            transports: ['internal'],
          },
        },
      };
    },

    /** `navigator.credentials.get()`. */
    get(passkey: SoftPasskey, options: RequestOptions, bent: Bent = {}): AssertionJson {
      const counter = bent.counter ?? (counts ? passkey.counter + 1 : 0);
      passkey.counter = Math.max(passkey.counter, counter);
      const authenticatorData = authenticator(bent.rpId ?? options.rpId, { ...bent, counter });
      const clientDataJSON = clientData('webauthn.get', origin, options.challenge, bent);
      const signed = Buffer.concat([authenticatorData, sha256(Buffer.from(clientDataJSON, 'base64url'))]);
      const userHandle = 'userHandle' in bent ? bent.userHandle : passkey.userHandle;
      return {
        ...{ id: passkey.id, rawId: passkey.id, type: 'public-key', clientExtensionResults: {} },
        response: {
          clientDataJSON,
          authenticatorData: authenticatorData.toString('base64url'),
          signature: sign('sha256', signed, passkey.privateKey).toString('base64url'),
          ...(userHandle === undefined ? {} : { userHandle }),
        },
      };
    },
  };
}

function authenticator(rpId: string, bent: Bent & { readonly counter: number }, more = 0): Buffer {
  const { userPresent = true, userVerified = true, backedUp = false, counter } = bent;
  const said =
    (userPresent ? flags.userPresent : 0) |
    (userVerified ? flags.userVerified : 0) |
    (backedUp ? flags.backupEligible | flags.backedUp : 0);
  const tail = Buffer.alloc(5);
  tail.writeUInt8(said | more);
  tail.writeUInt32BE(counter, 1);
  return Buffer.concat([sha256(rpId), tail]);
}

function clientData(type: string, origin: string, challenge: string, bent: Bent): string {
  const { crossOrigin = false, topOrigin } = bent;
  const data = { type: bent.type ?? type, challenge: bent.challenge ?? challenge, crossOrigin, topOrigin };
  const text = bent.clientData ?? JSON.stringify({ ...data, origin: bent.origin ?? origin });
  return Buffer.from(text).toString('base64url');
}

function cosePublicKey(publicKey: KeyObject): Buffer {
  const { x = '', y = '' } = publicKey.export({ format: 'jwk' });
  return cborMap([
    // Elliptic curve with two coordinates, ES256, P-256.
    [cborInteger(1), cborInteger(2)],
    [cborInteger(3), cborInteger(-7)],
    [cborInteger(-1), cborInteger(1)],
    [cborInteger(-2), cborBytes(Buffer.from(x, 'base64url'))],
    [cborInteger(-3), cborBytes(Buffer.from(y, 'base64url'))],
  ]);
}

function sha256(bytes: Buffer | string): Buffer {
  return createHash('sha256').update(bytes).digest();
}

/** RFC 8949 §3, for lengths below 65,536. */
function cborHead(major: number, argument: number): Buffer {
  const type = major << 5;
  if (argument < 24) return Buffer.from([type | argument]);
  if (argument < 256) return Buffer.from([type | 24, argument]);
  return Buffer.from([type | 25, argument >> 8, argument & 255]);
}

export function cborInteger(value: number): Buffer {
  return value < 0 ? cborHead(1, -1 - value) : cborHead(0, value);
}

export function cborBytes(bytes: Buffer): Buffer {
  return Buffer.concat([cborHead(2, bytes.length), bytes]);
}

export function cborText(text: string): Buffer {
  return Buffer.concat([cborHead(3, Buffer.byteLength(text)), Buffer.from(text)]);
}

export function cborMap(entries: readonly (readonly [Buffer, Buffer])[]): Buffer {
  return Buffer.concat([cborHead(5, entries.length), ...entries.flat()]);
}

export function cborArray(items: readonly Buffer[]): Buffer {
  return Buffer.concat([cborHead(4, items.length), ...items]);
}
