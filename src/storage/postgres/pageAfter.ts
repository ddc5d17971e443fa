/** Where a page by key begins: after the row with this id, in the order of the list. Rows of such lists are never deleted. */
export function pageAfter(after: string | undefined): { cursor?: { id: string }; skip?: number } {
  return after === undefined ? {} : { cursor: { id: after }, skip: 1 };
}
