/** How the console shows times, ids and states in tables. */
import { useApp } from '../app/app.ts';
import { save } from '../parts/save.ts';

export const never = '0';

/** Milliseconds since the Unix epoch, as text. */
export function Time({ ms }: { readonly ms: string }) {
  const { formats } = useApp();
  if (ms === never) return <>–</>;
  const at = new Date(Number(ms)).toISOString();
  return (
    <time dateTime={at} title={at}>
      {formats.time(at)}
    </time>
  );
}

export function Ago({ ms }: { readonly ms: string }) {
  const { formats } = useApp();
  if (ms === never) return <>–</>;
  return <>{formats.ago(new Date(Number(ms)).toISOString())}</>;
}

/** Leads to the user. */
export function UserLink({ id, name = id }: { readonly id: string; readonly name?: string }) {
  const { router } = useApp();
  if (id === '') return <>–</>;
  return (
    <a href={router.addressOf(`users/${encodeURIComponent(id)}`)}>
      <bdi>{name === '' ? id : name}</bdi>
    </a>
  );
}

export function Mark({ text }: { readonly text: string }) {
  return <span class="mark">{text}</span>;
}

export function saveJson(name: string, value: unknown): void {
  save(name, JSON.stringify(value, null, 2));
}
