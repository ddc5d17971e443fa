/** The shapes of requests and answers: validated, typed and shown in the OpenAPI document from one definition. */

import { uuidPattern } from '@countersign/verifier/ids';
import { type Static, Type } from 'typebox';
import { limits } from '../../platform/limits.ts';
import { contextSignals } from '../../sessions/context.ts';
import { csrfHeader } from './csrf.ts';
import { refreshCookieName } from './refreshCookie.ts';

const strict = { additionalProperties: false } as const;

/** Longer than any legal value by far; the rules of e-mails, passwords and tokens give the exact refusal. */
const text = (description: string) =>
  Type.String({ minLength: 1, maxLength: limits.tokenCharacters, description });

const email = text('An e-mail address. Case and Unicode spelling do not matter.');
const newPassword = text(
  `At least ${limits.passwordMinimumCharacters} characters, at most ${limits.passwordMaximumBytes} bytes, not a common one.`,
);
const refreshToken = text('The refresh token of the last login or refresh.');

const deviceId = Type.String({
  minLength: 1,
  maxLength: limits.deviceIdCharacters,
  pattern: '^[!-~]+$',
  description:
    'What the client calls the device that it runs on, such as a UUID it made when it was installed.',
});

const audience = Type.String({
  minLength: 1,
  maxLength: limits.audienceCharacters,
  description:
    'What the access token is for: AUDIENCE (the default) for services, or ACCOUNT_AUDIENCE for the routes of /auth/ that take a bearer token.',
});

export const registerBody = Type.Object({ email, password: newPassword }, strict);

export const loginBody = Type.Object(
  {
    email,
    password: text('The password.'),
    device_name: Type.Optional(
      Type.String({
        minLength: 1,
        maxLength: limits.deviceNameCharacters,
        // Shown to people in lists: no control characters, no lone surrogates, nothing that turns the text around,
        // and no byte order mark, which some decoders take away.
        pattern: '^[^\\p{Cc}\\p{Cs}\\u2028\\u2029\\u202a-\\u202e\\u2066-\\u2069\\ufeff]+$',
        description: 'Shown in the list of sessions, such as "Work laptop".',
      }),
    ),
    device_id: Type.Optional(deviceId),
    audience: Type.Optional(audience),
  },
  strict,
);

/** `?cookie`: a name without a value. */
export const loginQuery = Type.Object(
  {
    cookie: Type.Optional(
      Type.Literal('', {
        description: `For browsers: the refresh token comes in the cookie ${refreshCookieName} only. Needs the header ${csrfHeader}.`,
      }),
    ),
  },
  strict,
);

/** Without it the cookie counts. */
export const refreshBody = Type.Object(
  {
    refresh_token: Type.Optional(refreshToken),
    device_id: Type.Optional(deviceId),
    audience: Type.Optional(audience),
  },
  strict,
);
export const deleteMeBody = Type.Object({ current_password: text('The password.') }, strict);
export const logoutBody = Type.Object({ refresh_token: Type.Optional(refreshToken) }, strict);
export const emptyBody = Type.Object({}, strict);

export const passwordBody = Type.Object(
  {
    current_password: text('The password until now.'),
    new_password: newPassword,
    refresh_token: Type.Optional(refreshToken),
  },
  strict,
);

export const newRefreshTokenResponse = Type.Object({
  refresh_token: Type.String({
    description: 'In place of the one that was sent, which is of no use any more.',
  }),
  refresh_expires_in: Type.Integer({
    description: 'Seconds until the session ends if it is not used again.',
  }),
});

export const sessionsQuery = Type.Object(
  {
    // A query holds text; coercing it would coerce bodies as well.
    page_size: Type.Optional(
      Type.String({ pattern: '^([1-9][0-9]?|100)$', description: `1 to ${limits.sessionsPageMaximum}.` }),
    ),
    page_token: Type.Optional(
      Type.String({ pattern: '^[A-Za-z0-9_-]{22}$', description: 'next_page_token of the page before.' }),
    ),
  },
  strict,
);

export const sessionParams = Type.Object({ id: Type.String({ pattern: uuidPattern }) }, strict);

const time = Type.String({ format: 'date-time', description: 'RFC 3339, UTC.' });
const seconds = (description: string) => Type.Integer({ description: `Seconds ${description}` });

export const registerResponse = Type.Object({ user_id: Type.String() });

export const tokenResponse = Type.Object({
  access_token: Type.String({ description: 'ES256 JWT of type at+jwt.' }),
  token_type: Type.Literal('Bearer'),
  expires_in: seconds('until the access token expires.'),
  refresh_token: Type.Optional(
    Type.String({
      description:
        'For POST /auth/refresh; each use gives another. Missing in cookie mode: then only the cookie has it.',
    }),
  ),
  refresh_expires_in: seconds('until the session ends if it is not used.'),
  scope: Type.String(),
  session_id: Type.String(),
});
export type TokenResponseBody = Static<typeof tokenResponse>;

const contextChange = Type.Object({
  signals: Type.Array(Type.String(), { description: Object.keys(contextSignals).join(', ') }),
  score: Type.Integer({ minimum: 0, maximum: 100, description: 'How unusual that is.' }),
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
      current: Type.Boolean({ description: 'True for the session of the token that asks.' }),
      context_change: Type.Union([contextChange, Type.Null()], {
        description:
          'What changed about where and with what it is used; null when nothing that is noted did.',
      }),
    }),
  ),
  next_page_token: Type.Optional(Type.String()),
});
export type SessionsBody = Static<typeof sessionsResponse>;

export const meResponse = Type.Object({
  user_id: Type.String(),
  session_id: Type.String(),
  client_id: Type.String(),
  scope: Type.String(),
  amr: Type.Array(Type.String(), { description: 'How the user was authenticated (RFC 8176).' }),
  authenticated_at: time,
  expires_at: time,
});

export const problem = Type.Object(
  {
    type: Type.String(),
    title: Type.String(),
    status: Type.Integer(),
    code: Type.String({ description: 'Stable; decide by this.' }),
    detail: Type.Optional(Type.String()),
    errors: Type.Optional(
      Type.Array(Type.Object({ field: Type.String(), rule: Type.String(), message: Type.String() })),
    ),
    request_id: Type.String(),
  },
  { description: 'RFC 9457 problem details (application/problem+json).' },
);
