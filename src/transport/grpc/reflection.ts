import { fileURLToPath } from 'node:url';
import { protoFiles } from '@countersign/verifier/contract/generated/protoJson';
import { loadSync, type PackageDefinition } from '@grpc/proto-loader';

/** Reflection's descriptions, with the contract's field names instead of TypeScript's. */
export function loadReflected(): PackageDefinition {
  const includeDirs = [fileURLToPath(new URL('../../../proto/', import.meta.url))];
  const loaded = loadSync(protoFiles, { keepCase: true, includeDirs });
  // Each type lists all files, and the library would decode them anew for each: a sixth of a start. One type is enough.
  const lists = new Set<unknown>([undefined]);
  const first = Object.entries(loaded).filter(([, { fileDescriptorProtos: files }]) => {
    const isNew = !lists.has(files);
    lists.add(files);
    return isNew;
  });
  return Object.fromEntries(first);
}
