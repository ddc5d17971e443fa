/**
 * Messages as JSON: the ProtoJSON format, with names as in the `.proto` files. Reads names in lowerCamelCase, too. Strict where that
 * format leaves a choice: an unknown member, a repeated one or a second member of a `oneof` is refused.
 */
import { protoJson } from '@countersign/verifier/contract/generated/protoJson';
import { invalidField } from '@countersign/verifier/errors';

interface Field {
  readonly type: string;
  readonly rule?: string;
}

interface Described {
  readonly fields?: Readonly<Record<string, Field>>;
  readonly oneofs?: Readonly<Record<string, { readonly oneof: readonly string[] }>>;
  readonly values?: Readonly<Record<string, number>>;
}

type Json = Readonly<Record<string, unknown>>;

const described = protoJson.nested.countersign.nested.v1.nested as Readonly<Record<string, Described>>;

/** The message in the form that serializers take. Throws `invalid_request` naming the field. */
export function fromJson(type: string, value: unknown, path = ''): Json {
  const { fields = {}, oneofs = {} } = described[type] ?? {};
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw invalidField(path || 'body', 'type', 'must be an object');
  const message: Record<string, unknown> = {};
  for (const [given, content] of Object.entries(value)) {
    const [name, field, at] = fieldNamed(given, fields, path);
    if (name in message) throw invalidField(at, 'unique', 'must be named once');
    // As in the format: null is the same as absent.
    if (content !== null) message[name] = fieldFrom(field, content, at);
  }
  for (const { oneof } of Object.values(oneofs)) {
    const [, second] = oneof.filter((name) => name in message);
    if (second === undefined) continue;
    throw invalidField(
      within(path, snakeCase(second)),
      'exclusive',
      `must be the only one of ${oneof.map(snakeCase).join(', ')}`,
    );
  }
  return message;
}

/** Its name, description and path. */
function fieldNamed(given: string, fields: Readonly<Record<string, Field>>, path: string) {
  const name = Object.hasOwn(fields, given) ? given : camelCase(given);
  const field = Object.hasOwn(fields, name) ? fields[name] : undefined;
  if (field !== undefined) return [name, field, within(path, snakeCase(name))] as const;
  throw invalidField(within(path, shown(given)), 'additionalProperties', 'is not a known field');
}

function fieldFrom({ type, rule }: Field, value: unknown, at: string): unknown {
  if (rule !== 'repeated') return valueFrom(type, value, at);
  if (!Array.isArray(value)) throw invalidField(at, 'type', 'must be an array');
  return value.map((each, index) => valueFrom(type, each, `${at}.${index}`));
}

function valueFrom(type: string, value: unknown, at: string): unknown {
  const read = scalars[type];
  if (read !== undefined) return read(value, at);
  const { values } = described[type] ?? {};
  if (values === undefined) return fromJson(type, value, at);
  const name = typeof value === 'number' ? Object.keys(values).find((each) => values[each] === value) : value;
  if (typeof name === 'string' && Object.hasOwn(values, name)) return name;
  throw invalidField(at, 'enum', `must be one of ${Object.keys(values).join(', ')}`);
}

const int32 = 2 ** 31;

const scalars: Readonly<Record<string, (value: unknown, at: string) => unknown>> = {
  string(value, at) {
    if (typeof value !== 'string') throw invalidField(at, 'type', 'must be a string');
    // Half a character cannot be written as UTF-8: it would become another text.
    if (/\p{Surrogate}/u.test(value)) throw invalidField(at, 'format', 'must be well-formed Unicode');
    return value;
  },
  bool(value, at) {
    if (typeof value !== 'boolean') throw invalidField(at, 'type', 'must be true or false');
    return value;
  },
  int32: (value, at) => wholeNumber(value, at, -int32, int32 - 1),
  int64: (value, at) => wholeNumber(value, at, Number.MIN_SAFE_INTEGER, Number.MAX_SAFE_INTEGER),
  double(value, at) {
    if (typeof value !== 'number') throw invalidField(at, 'type', 'must be a number');
    return value;
  },
  bytes(value, at) {
    if (typeof value === 'string' && /^[A-Za-z0-9+/_-]*={0,2}$/.test(value))
      return Buffer.from(value, 'base64');
    throw invalidField(at, 'format', 'must be base64');
  },
};

function wholeNumber(value: unknown, at: string, least: number, most: number): number {
  const number = typeof value === 'string' && /^-?\d{1,16}$/.test(value) ? Number(value) : value;
  if (Number.isSafeInteger(number) && (number as number) >= least && (number as number) <= most)
    return number as number;
  throw invalidField(at, 'type', `must be a whole number from ${least} to ${most}`);
}

/** Every member without a value has its default, except in a `oneof`. */
export function toJson(type: string, message: Json): Json {
  const { fields = {} } = described[type] ?? {};
  const members = Object.entries(fields).flatMap(([name, field]) => {
    const value = message[name];
    return value === undefined || value === null ? [] : [[snakeCase(name), fieldTo(field, value)] as const];
  });
  return Object.fromEntries(members);
}

function fieldTo({ type, rule }: Field, value: unknown): unknown {
  return rule === 'repeated' ? (value as unknown[]).map((each) => valueTo(type, each)) : valueTo(type, value);
}

function valueTo(type: string, value: unknown): unknown {
  if (type === 'int64') return String(value);
  if (type === 'bytes') return Buffer.from(value as Uint8Array).toString('base64');
  return described[type]?.fields === undefined ? value : toJson(type, value as Json);
}

function snakeCase(name: string): string {
  return name.replaceAll(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
}

function camelCase(name: string): string {
  return name.replaceAll(/_([a-z])/g, (_, letter: string) => letter.toUpperCase());
}

function within(path: string, name: string): string {
  return path === '' ? name : `${path}.${name}`;
}

/** The caller's text: it must not control a terminal that prints it. */
function shown(name: string): string {
  return name.slice(0, 100).replace(/[\p{C}\u2028\u2029]/gu, '\ufffd');
}
