/**
 * The reserved user of canary sessions (truth/proveTruth.ts). Nobody logs in as it, no list shows it, and no operation on users'
 * sessions reaches it.
 */
import type { UserId } from '@countersign/verifier/ids';

/** The last six bytes spell "canary"; no real user was created in 1970. */
export const canaryUserId = '00000000-0000-7000-8000-63616e617279' as UserId;

/** Not a valid e-mail. */
export const canaryEmail = 'canary:';
