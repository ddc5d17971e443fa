/** A table of rows by key, page by page. The address names the page: `?after=…`. */
import type { ComponentChildren } from 'preact';
import { useId } from 'preact/hooks';
import { useApp } from '../app/app.ts';

export interface Column<Row> {
  readonly name: string;
  /** Texts of users come as text, whatever is in them. */
  readonly cell: (row: Row) => ComponentChildren;
  /** Numbers stand at the end. */
  readonly isNumber?: boolean;
  /** The column can be sorted: the address of the table in that order, and how it is sorted now. */
  readonly sort?: { readonly href: string; readonly now: 'ascending' | 'descending' | undefined };
}

export function Table<Row>({
  caption,
  columns,
  rows,
  keyOf,
  empty,
}: {
  readonly caption: string;
  readonly columns: readonly Column<Row>[];
  readonly rows: readonly Row[];
  readonly keyOf: (row: Row) => string;
  readonly empty: string;
}) {
  const id = useId();
  if (rows.length === 0) return <p class="empty">{empty}</p>;
  return (
    // It scrolls by itself on small screens, by keyboard, too.
    // biome-ignore lint/a11y/noNoninteractiveTabindex: a scrolled region must be reachable.
    <section class="scrolls" aria-labelledby={id} tabIndex={0}>
      <table>
        <caption id={id}>{caption}</caption>
        <thead>
          <tr>
            {columns.map(({ name, isNumber, sort }) => (
              <th key={name} scope="col" class={isNumber ? 'number' : undefined} aria-sort={sort?.now}>
                {sort === undefined ? name : <a href={sort.href}>{name}</a>}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {rows.map((row) => (
            <tr key={keyOf(row)}>
              {columns.map(({ name, cell, isNumber }) => (
                <td key={name} class={isNumber ? 'number' : undefined}>
                  {isolated(cell(row))}
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </section>
  );
}

/** A text of a user must not turn what stands beside it round, whichever way it is read. */
function isolated(content: ComponentChildren): ComponentChildren {
  return typeof content === 'string' ? <bdi>{content}</bdi> : content;
}

/** Links to the next page and to the first one. Back is the browser's. `next`: the page token; undefined on the last page. */
export function Pages({ next }: { readonly next: string | undefined }) {
  const { router, texts } = useApp();
  const { path, query } = router.place.value;
  const others = Object.fromEntries([...query].filter(([name]) => name !== 'after'));
  if (next === undefined && !query.has('after')) return null;
  return (
    <nav class="pages" aria-label={texts.pages}>
      {query.has('after') && <a href={router.addressOf(path, others)}>{texts.firstPage}</a>}
      {next !== undefined && (
        <a rel="next" href={router.addressOf(path, { ...others, after: next })}>
          {texts.nextPage}
        </a>
      )}
    </nav>
  );
}
