/** The filters of `Revoke`, as they stand in the address and in a request. */
import { type FilterField, millisecondsOf, useFilter } from './filters.tsx';
import { useTexts } from './useTexts.ts';

const names = ['user_id', 'client_id', 'ip', 'created_from', 'created_before'] as const;

type Given = Readonly<Record<string, string>>;

export function useSessionFilter(): Given {
  return useFilter(names);
}

export function useSessionFields(): readonly FilterField[] {
  const { revoke, user, client, address } = useTexts();
  return [
    { name: 'user_id', label: user, hint: 'UUID' },
    { name: 'client_id', label: client, hint: 'client_id' },
    { name: 'ip', label: address },
    { name: 'created_from', label: revoke.createdFrom, type: 'datetime-local' },
    { name: 'created_before', label: revoke.createdBefore, type: 'datetime-local' },
  ];
}

export function sessionFilter({ created_from: from, created_before: before, ...given }: Given): object {
  const { user_id, client_id, ip } = given;
  return {
    ...{ user_id, client_id, ip },
    ...{ created_from_ms: millisecondsOf(from), created_before_ms: millisecondsOf(before) },
  };
}
