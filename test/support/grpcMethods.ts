import { userMethods } from '../../src/accounts/grpc.ts';
import { auditMethods } from '../../src/audit/grpc.ts';
import { keyMethods } from '../../src/keys/grpc.ts';
import { outboxMethods } from '../../src/notifications/grpc.ts';
import { clientMethods } from '../../src/oauth/clients/grpc.ts';
import { revocationMethods } from '../../src/revocation/grpc.ts';
import { roleMethods } from '../../src/rights/grpc.ts';
import { sessionMethods } from '../../src/sessions/grpc.ts';
import { statusMethods } from '../../src/status/grpc.ts';
import { tokenMethods } from '../../src/tokens/grpc.ts';

/** Of all slices. */
export const methods = {
  ...{
    ...tokenMethods,
    ...revocationMethods,
    ...sessionMethods,
    ...userMethods,
    ...keyMethods,
    ...roleMethods,
    ...clientMethods,
    ...auditMethods,
    ...statusMethods,
    ...outboxMethods,
  },
};
