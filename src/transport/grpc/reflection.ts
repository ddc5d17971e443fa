import { fileURLToPath } from 'node:url';
import { protoFiles } from '@countersign/verifier/contract/generated/protoJson';
import { loadSync, type PackageDefinition } from '@grpc/proto-loader';

/** Reflection's descriptions, with the contract's field names instead of TypeScript's. */
export function loadReflected(): PackageDefinition {
  const includeDirs = [fileURLToPath(new URL('../../../proto/', import.meta.url))];
  return loadSync(protoFiles, { keepCase: true, includeDirs });
}
