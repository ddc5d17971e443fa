import { fileURLToPath } from 'node:url';
import { protoFiles } from '@countersign/verifier/contract/generated/protoJson';
import { loadSync, type PackageDefinition } from '@grpc/proto-loader';

/** What reflection shows: fields have the names of the contract there, not those that they have in this language. */
export function loadReflected(): PackageDefinition {
  const includeDirs = [fileURLToPath(new URL('../../../proto/', import.meta.url))];
  return loadSync(protoFiles, { keepCase: true, includeDirs });
}
