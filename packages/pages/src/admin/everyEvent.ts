import type { AdminApi } from './adminApi.ts';
import type { AuditEvent, Page } from './messages.ts';

/** More would not fit into a file that people open. */
const mostEvents = 100_000;

/** Every event that matches, newest first. */
export async function everyEvent(api: AdminApi, filter: object): Promise<readonly AuditEvent[]> {
  const all: AuditEvent[] = [];
  let page_token = '';
  do {
    const request = { ...filter, page_size: 500, page_token };
    const page = await api.read<Page & { events: readonly AuditEvent[] }>('AuditService/ListEvents', request);
    all.push(...page.events);
    page_token = page.next_page_token;
  } while (page_token !== '' && all.length < mostEvents);
  return all;
}
