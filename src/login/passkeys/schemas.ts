/** Schemas of WebAuthn's JSON. Browsers add members with each version, so unknown ones are accepted and ignored. */

import { strict } from '../../transport/http/schemas.ts';
import { Type } from '../../transport/http/typebox.ts';
import { factorName } from '../schemas.ts';
import { passkeyLimits } from './limits.ts';

const open = { additionalProperties: true } as const;

const base64url = (maxLength: number, description: string) =>
  Type.String({ minLength: 1, maxLength, pattern: '^[A-Za-z0-9_-]+$', description });

const part = (description: string) => base64url(passkeyLimits.partCharacters, description);

const id = base64url(passkeyLimits.credentialIdCharacters, 'The id of the credential.');

/** What `startAuthentication` of @simplewebauthn/browser and `PublicKeyCredential.toJSON` return. */
export const assertion = Type.Object(
  {
    id,
    rawId: id,
    type: Type.Literal('public-key'),
    response: Type.Object(
      {
        clientDataJSON: part('Challenge and origin, as the browser saw them.'),
        authenticatorData: part('What the authenticator signed.'),
        signature: part('The signature.'),
        userHandle: Type.Optional(
          Type.Union([base64url(passkeyLimits.userHandleCharacters, 'Whose passkey it is.'), Type.Null()]),
        ),
      },
      open,
    ),
  },
  { ...open, description: 'The answer of navigator.credentials.get(), as JSON.' },
);

/** What `startRegistration` of @simplewebauthn/browser and `PublicKeyCredential.toJSON` return. */
export const registration = Type.Object(
  {
    id,
    rawId: id,
    type: Type.Literal('public-key'),
    response: Type.Object(
      {
        clientDataJSON: part('Challenge and origin, as the browser saw them.'),
        attestationObject: part('The new public key.'),
        transports: Type.Optional(
          Type.Array(
            Type.String({
              minLength: 1,
              maxLength: passkeyLimits.transportCharacters,
              pattern: '^[a-z0-9-]+$',
            }),
            { maxItems: passkeyLimits.transports },
          ),
        ),
      },
      open,
    ),
  },
  { ...open, description: 'The answer of navigator.credentials.create(), as JSON.' },
);

export const addBody = Type.Object({ name: factorName, credential: registration }, strict);
export const renameBody = Type.Object({ name: factorName }, strict);

/** Passed on to the browser as they are. */
export const webauthnOptions = (description: string) =>
  Type.Object({ challenge: Type.String() }, { ...open, description });
