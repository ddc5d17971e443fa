/** The order of a list, which stands in the address: `?order=email`, or `?order=email desc`. */
import { useApp } from '../app/app.ts';
import type { Column } from '../parts/table.tsx';

interface Order<Field extends string> {
  /** For `order_by` of a request. */
  readonly order: string;
  /** Of the column of this field. Following its link sorts by it, or the other way round. */
  sortBy(field: Field): Pick<Column<unknown>, 'sort'>;
}

/** `usual`: without one in the address, or with one that nobody knows. */
export function useOrder<Field extends string>(fields: readonly Field[], usual: string): Order<Field> {
  const { router } = useApp();
  const { path, query } = router.place.value;
  const known = fields.flatMap((field) => [field, `${field} desc`]);
  const order = known.find((each) => each === query.get('order')) ?? usual;
  return {
    order,
    sortBy(field) {
      const next = order === field ? `${field} desc` : field;
      // The page token belongs to the earlier order.
      const { after: _, ...others } = Object.fromEntries(query);
      const now = order === field ? 'ascending' : order === `${field} desc` ? 'descending' : undefined;
      return { sort: { href: router.addressOf(path, { ...others, order: next }), now } };
    },
  };
}
