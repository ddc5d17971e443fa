/** The order of a list, as its caller names it: `email`, or `email desc` for the other way. */
import { invalidField } from '@countersign/verifier/errors';

export interface ListOrder<Field extends string> {
  readonly by: Field;
  readonly way: 'asc' | 'desc';
}

/** An empty text means `usual`. Throws `invalid_request` naming `order_by`. */
export function readOrder<Field extends string>(
  text: string,
  fields: readonly Field[],
  usual: ListOrder<Field>,
): ListOrder<Field> {
  if (text === '') return usual;
  const by = fields.find((each) => text === each || text === `${each} desc`);
  if (by !== undefined) return { by, way: text === by ? 'asc' : 'desc' };
  const known = fields.flatMap((each) => [each, `${each} desc`]);
  throw invalidField('order_by', 'enum', `must be one of ${known.join(', ')}`);
}
