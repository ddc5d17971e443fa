/** What the form of a client edits: its settings as texts, and the request that replaces those that were changed. Pure. */
import type { Client } from './messages.ts';
import { wordsIn } from './wordsIn.ts';

/** Each holds words, separated by spaces. */
const lists = ['permissions', 'audiences', 'scopes', 'redirect_uris', 'post_logout_redirect_uris'] as const;

export type ClientField =
  | (typeof lists)[number]
  | 'backchannel_logout_uri'
  | 'jwks'
  | 'certificate'
  | 'certificate_bound';

export type Edits = Readonly<Partial<Record<ClientField, string>>>;

function isList(field: ClientField): field is (typeof lists)[number] {
  return lists.some((each) => each === field);
}

/** Those that a client of its kind can have. A client keeps its way to authenticate. */
export function fieldsOf({ kind, has_key: hasKey, certificate_name: certificate }: Client) {
  const ofUsers = ['scopes', 'redirect_uris', 'post_logout_redirect_uris', 'backchannel_logout_uri'] as const;
  return [
    ...(['permissions', 'audiences'] as const),
    ...(kind === 'service' ? [] : ofUsers),
    ...(hasKey ? (['jwks'] as const) : []),
    ...(certificate === '' ? [] : (['certificate'] as const)),
    'certificate_bound',
  ] as const satisfies readonly ClientField[];
}

export function textOf(client: Client, field: ClientField): string {
  if (isList(field)) return client[field].join(' ');
  if (field === 'certificate') return client.certificate_name;
  return field === 'certificate_bound' ? String(client.certificate_bound) : client[field];
}

/** What was edited and differs from the client as it is; undefined when nothing does. */
export function changesOf(client: Client, edits: Edits): object | undefined {
  const changed = fieldsOf(client).filter((field) => {
    const text = edits[field];
    return text !== undefined && wordsIn(text).join(' ') !== textOf(client, field);
  });
  if (changed.length === 0) return undefined;
  const values = changed.map((field) => [field, givenOf(field, edits[field] ?? '')]);
  return {
    ...{ client: client.client_id, etag: client.etag, fields: changed },
    ...Object.fromEntries(values),
  };
}

function givenOf(field: ClientField, text: string): unknown {
  if (isList(field)) return wordsIn(text);
  return field === 'certificate_bound' ? text === 'true' : text.trim();
}
