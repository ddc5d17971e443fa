/** Schemas of sign-in with other providers. */
import { uuidPattern } from '@countersign/verifier/ids';
import { audience, deviceId } from '../../sessions/schemas.ts';
import { strict, text, time } from '../../transport/http/schemas.ts';
import { Type } from '../../transport/http/typebox.ts';
import { deviceName } from '../schemas.ts';
import { pathPattern } from './buttons.ts';
import { providerLimits } from './limits.ts';

const path = (description: string) =>
  Type.String({ maxLength: providerLimits.returnToCharacters, pattern: pathPattern, description });

export const destination = Type.Object(
  {
    return_to: Type.Optional(path('A path of this origin, for the browser once it is signed in.')),
    handle_to: Type.Optional(
      path(
        'A path of this origin, in place of return_to: a page of the application that completes the sign-in. Its fragment gets provider_handle, or provider_error.',
      ),
    ),
  },
  strict,
);

export const nameParams = Type.Object({ name: Type.String({ description: 'Of the provider.' }) }, strict);
export const linkParams = Type.Object({ id: Type.String({ pattern: uuidPattern }) }, strict);

export const completeBody = Type.Object(
  {
    handle: text('What the callback put into the address of the page.'),
    device_name: Type.Optional(deviceName),
    device_id: Type.Optional(deviceId),
    audience: Type.Optional(audience),
  },
  strict,
);

export const completeForm = Type.Object({ handle: text('Of the page.') }, strict);

export const linkedBody = Type.Object({ id: Type.String({ description: 'The linked identity.' }) });
export const locationBody = Type.Object({
  location: Type.String({ description: 'Where the page sends the browser: the provider.' }),
});

export const providersBody = Type.Object({
  providers: Type.Array(
    Type.Object({
      name: Type.String(),
      label: Type.String({ description: 'For a button.' }),
      start_url: Type.String({ description: 'A link: GET /auth/providers/{name}/start.' }),
    }),
  ),
});

export const linksBody = Type.Object({
  links: Type.Array(
    Type.Object({
      id: Type.String(),
      provider: Type.String({ description: 'Its name.' }),
      label: Type.String(),
      created_at: time,
      last_used_at: Type.Union([time, Type.Null()]),
    }),
  ),
});
