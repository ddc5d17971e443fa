/**
 * Codes of authenticator apps (TOTP, RFC 6238): SHA-1, six digits, thirty seconds, the only combination that every app honours.
 * Owns secrets, codes and the QR code. Does not own which code was used: `totpStore.ts` does.
 */
import { randomBytes } from 'node:crypto';
import type { FactorId } from '@countersign/verifier/ids';
import { generateURI, ScureBase32Plugin, verifySync } from 'otplib';
import { isCode } from '../../platform/oneTimeTokens.ts';
import type { Sealing } from '../../platform/sealing.ts';
import { factorLimits } from './limits.ts';

export interface TotpSecret {
  /** Base32, for typing. */
  readonly text: string;
  readonly sealed: Buffer;
}

export interface TotpSecrets {
  create(id: FactorId): TotpSecret;
  /**
   * The time step of a right code: the current one, or the one before. Undefined for a wrong code, and for one of a step that
   * was used already. `now` in milliseconds.
   */
  stepOf(secret: SealedTotp, code: string, now: number): number | undefined;
  /** Seals the unchanged secret with the current KEY_ENCRYPTION_KEY. Throws `UnsealError`. */
  reseal(secret: Pick<SealedTotp, 'id' | 'sealedSecret'>): Buffer;
}

export interface SealedTotp {
  readonly id: FactorId;
  readonly sealedSecret: Uint8Array;
  /** No code of this step or an earlier one is right. */
  readonly lastStep: number;
}

const base32 = new ScureBase32Plugin();

export function createTotpSecrets(sealing: Sealing): TotpSecrets {
  const open = ({ id, sealedSecret }: Pick<SealedTotp, 'id' | 'sealedSecret'>) =>
    sealing.unseal(sealedSecret, sealingContext(id));
  return {
    create(id) {
      const secret = randomBytes(factorLimits.totpSecretBytes);
      const text = base32.encode(secret, { padding: false });
      return { text, sealed: sealing.seal(secret, sealingContext(id)) };
    },
    stepOf(secret, code, now) {
      // The library throws for anything else.
      if (!isCode(code)) return undefined;
      const result = verifySync({
        secret: new Uint8Array(open(secret)),
        token: code,
        epoch: Math.floor(now / 1000),
        epochTolerance: [factorLimits.totpStepSeconds, 0],
      });
      if (!result.valid || !('timeStep' in result)) return undefined;
      return result.timeStep > secret.lastStep ? result.timeStep : undefined;
    },
    reseal: (secret) => sealing.seal(open(secret), sealingContext(secret.id)),
  };
}

/** What the app reads from the QR code. `issuer` is a host name without a port: a colon would end the issuer in the label. */
export function totpUri(secret: string, issuer: string, email: string): string {
  return generateURI({ issuer, label: email, secret });
}

/** Without a style attribute, which a strict Content-Security-Policy refuses. */
export async function qrSvg(text: string): Promise<string> {
  // Loaded by the few who enrol.
  const { default: qrcode } = await import('qrcode');
  return qrcode.toString(text, { type: 'svg', errorCorrectionLevel: 'M' });
}

function sealingContext(id: FactorId): string {
  return `totp/${id}`;
}
