/**
 * The reserved user that canaries are sessions of (truth/proveTruth.ts). Nobody logs in as it, no list shows it, and no
 * operation on sessions of users reaches it.
 */
import type { UserId } from '@countersign/verifier/ids';

/** The last six bytes say "canary"; no user is made in 1970. */
export const canaryUserId = '00000000-0000-7000-8000-63616e617279' as UserId;

/** No e-mail looks like this. */
export const canaryEmail = 'canary:';
