import { userMethods } from '../../src/accounts/grpc.ts';
import { keyMethods } from '../../src/keys/grpc.ts';
import { revocationMethods } from '../../src/revocation/grpc.ts';
import { roleMethods } from '../../src/rights/grpc.ts';
import { sessionMethods } from '../../src/sessions/grpc.ts';
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
  },
};
