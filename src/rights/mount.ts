import type { Counted } from '../revocation/countFailures.ts';
import { createMakeAdmin, type MakeAdminParts } from './adminRole.ts';
import { createDefineRights, type DefinitionParts } from './definitions.ts';
import { createGrantRights } from './grants.ts';
import { roleService } from './grpc.ts';
import { unfinishedChangesJob } from './takeAway.ts';

export function mountRights(
  parts: DefinitionParts & Omit<MakeAdminParts, 'rights'> & { readonly counted: Counted },
) {
  const { counted } = parts;
  const defining = createDefineRights(parts);
  const granting = createGrantRights(parts);
  const operations = {
    ...{ ...defining, ...granting },
    setResource: counted(defining.setResource),
    removeResource: counted(defining.removeResource),
    setRole: counted(defining.setRole),
    removeRole: counted(defining.removeRole),
    grantRole: counted(granting.grantRole),
    takeRole: counted(granting.takeRole),
    makeAdmin: createMakeAdmin({ ...parts, rights: { ...defining, ...granting } }),
  };
  return { operations, service: roleService(operations), jobs: [unfinishedChangesJob(parts)] };
}
