/** Schemas of requests and responses about sessions and tokens. */
import { uuidPattern } from '@countersign/verifier/ids';
import { tokenLimits } from '../tokens/limits.ts';
import { refreshToken, seconds, strict, time } from '../transport/http/schemas.ts';
import { type Static, Type } from '../transport/http/typebox.ts';
import { contextSignals } from './context.ts';
import { sessionLimits } from './limits.ts';

export const deviceId = Type.String({
  minLength: 1,
  maxLength: sessionLimits.deviceIdCharacters,
  pattern: '^[!-~]+$',
  description: 'The client’s name for its device, such as a UUID created at installation.',
});

export const audience = Type.String({
  minLength: 1,
  maxLength: tokenLimits.audienceCharacters,
  description:
    'The audience of the access token: AUDIENCE (the default) for services, or ACCOUNT_AUDIENCE for the routes of /auth/ that take a bearer token.',
});

/** Optional: in cookie mode the cookie has the token. */
export const refreshBody = Type.Object(
  {
    refresh_token: Type.Optional(refreshToken),
    device_id: Type.Optional(deviceId),
    audience: Type.Optional(audience),
  },
  strict,
);

export const logoutBody = Type.Object({ refresh_token: Type.Optional(refreshToken) }, strict);

export const tokenResponse = Type.Object({
  access_token: Type.String({ description: 'ES256 JWT of type at+jwt.' }),
  token_type: Type.Union([Type.Literal('Bearer'), Type.Literal('DPoP')], {
    description: 'DPoP: bound to the key that the request proved (RFC 9449).',
  }),
  expires_in: seconds('until the access token expires.'),
  refresh_token: Type.Optional(
    Type.String({
      description:
        'For POST /auth/refresh; each use returns a new one. Missing in cookie mode, where only the cookie has it, and after a step-up, which leaves it as it is.',
    }),
  ),
  refresh_expires_in: seconds('until the session ends if it is unused.'),
  scope: Type.String(),
  session_id: Type.String(),
});
export type TokenResponseBody = Static<typeof tokenResponse>;

export const sessionsQuery = Type.Object(
  {
    // A pattern, because query values are text; coercion would change bodies too.
    page_size: Type.Optional(
      Type.String({
        pattern: '^([1-9][0-9]?|100)$',
        description: `1 to ${sessionLimits.sessionsPageMaximum}.`,
      }),
    ),
    page_token: Type.Optional(
      Type.String({ pattern: '^[A-Za-z0-9_-]{22}$', description: 'next_page_token of the page before.' }),
    ),
  },
  strict,
);

export const sessionParams = Type.Object({ id: Type.String({ pattern: uuidPattern }) }, strict);

const contextChange = Type.Object({
  signals: Type.Array(Type.String(), { description: Object.keys(contextSignals).join(', ') }),
  score: Type.Integer({
    minimum: 0,
    maximum: 100,
    description: `How unusual it is; the user is told from ${sessionLimits.toldScore} on.`,
  }),
  at: time,
});

export const sessionsResponse = Type.Object({
  sessions: Type.Array(
    Type.Object({
      id: Type.String(),
      device_name: Type.Union([Type.String(), Type.Null()]),
      user_agent: Type.Union([Type.String(), Type.Null()]),
      browser: Type.Union([Type.String(), Type.Null()], { description: 'Such as "Firefox 140".' }),
      os: Type.Union([Type.String(), Type.Null()], { description: 'Such as "Android 15".' }),
      device_type: Type.Union([Type.String(), Type.Null()], {
        description: 'desktop, mobile, tablet or tv.',
      }),
      ip: Type.Union([Type.String(), Type.Null()]),
      created_at: time,
      last_used_at: time,
      expires_at: time,
      current: Type.Boolean({ description: 'True for the session of the calling token.' }),
      context_change: Type.Union([contextChange, Type.Null()], {
        description: 'What was last noted as unusual about its login or use; null without anything.',
      }),
    }),
  ),
  next_page_token: Type.Optional(Type.String()),
});
export type SessionsBody = Static<typeof sessionsResponse>;
