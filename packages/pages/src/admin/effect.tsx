/** Effect, live: how fast revocations are in effect, who is late and since when. */
import { useEffect, useMemo, useState } from 'preact/hooks';
import { Refusal } from '../api/refusal.ts';
import { useApp } from '../app/app.ts';
import { Chart } from '../parts/chart.tsx';
import { Table } from '../parts/table.tsx';
import { sentenceOf } from '../texts/problems.ts';
import { type AdminApi, useAdmin } from './adminApi.ts';
import { Ago, Mark, never, Time } from './cells.tsx';
import type { PartState, Status } from './messages.ts';
import { useTexts } from './useTexts.ts';

/** After a connection that broke. */
const pauseMilliseconds = 2_000;

export function EffectView() {
  const { texts: partTexts } = useApp();
  const { effect: texts } = useTexts();
  const { status, refusal } = useStatus();
  const lost = refusal !== undefined && (
    <p class="notice problem" role="alert">
      {refusal.code === 'network' || refusal.status >= 500 ? texts.lost : sentenceOf(partTexts, refusal)}
    </p>
  );
  if (status === undefined) return lost || <p role="status">{partTexts.loading}</p>;
  return (
    <>
      {lost}
      <p>{texts.explanation}</p>
      <Figures status={status} />
      <Parts status={status} />
      <Nodes status={status} />
      <Guards status={status} />
      <Late status={status} />
      <PerSecond status={status} />
      {status.warnings.length > 0 && (
        <section>
          <h2>{texts.warnings}</h2>
          <ul>
            {status.warnings.map((warning) => (
              <li key={warning}>{warning}</li>
            ))}
          </ul>
        </section>
      )}
    </>
  );
}

/** The latest status, until the view is left. */
function useStatus() {
  const api = useAdmin();
  const [status, setStatus] = useState<Status>();
  const [refusal, setRefusal] = useState<Refusal>();
  useEffect(() => {
    const left = new AbortController();
    const onStatus = (next: Status) => {
      setStatus(next);
      setRefusal(undefined);
    };
    watchAgain(api, onStatus, setRefusal, left.signal);
    return () => left.abort();
  }, [api]);
  return { status, refusal };
}

/** A stream ends with its token, and when a node stops: then another follows. */
async function watchAgain(
  api: AdminApi,
  onStatus: (status: Status) => void,
  onRefusal: (refusal: Refusal) => void,
  signal: AbortSignal,
): Promise<void> {
  while (!signal.aborted) {
    const refusal = await api
      .watch<{ status: Status }>('StatusService/WatchStatus', ({ status }) => onStatus(status), signal)
      .then(
        () => undefined,
        (error) => (error instanceof Refusal ? error : new Refusal('network')),
      );
    const code = refusal?.code;
    if (signal.aborted || code === 'session_ended' || code === 'cancelled') return;
    if (refusal !== undefined && code !== 'invalid_token') onRefusal(refusal);
    await new Promise((resolve) => setTimeout(resolve, pauseMilliseconds));
  }
}

function Figures({ status: { effect, deny_list_entries: entries } }: { readonly status: Status }) {
  const { formats } = useApp();
  const { effect: texts } = useTexts();
  const duration = (us: string) => (effect.revocations === 0 ? '–' : formats.milliseconds(Number(us) / 1000));
  const figures: readonly (readonly [string, string])[] = [
    [texts.half, duration(effect.p50_us)],
    [texts.nearlyAll, duration(effect.p99_us)],
    [texts.slowest, duration(effect.worst_us)],
    [texts.revocations, formats.number(effect.revocations)],
    [texts.denyList, formats.number(Number(entries))],
  ];
  return (
    <dl class="facts card">
      {figures.map(([name, value]) => (
        <>
          <dt>{name}</dt>
          <dd class="number">{value}</dd>
        </>
      ))}
    </dl>
  );
}

/** Those that are not ready, or that all are. */
function NodeParts({ parts }: { readonly parts: readonly PartState[] }) {
  const { effect: texts } = useTexts();
  if (parts.length === 0) return <span>–</span>;
  const broken = parts.filter(({ state }) => state !== 'ready');
  if (broken.length === 0) return <span>{texts.ready}</span>;
  return (
    <>
      {broken.map(({ name, state }) => (
        <Mark key={name} text={`${name}: ${state}`} />
      ))}
    </>
  );
}

function Parts({ status: { parts } }: { readonly status: Status }) {
  const texts = useTexts();
  return (
    <Table
      caption={texts.effect.thisNodesParts}
      rows={parts}
      keyOf={({ name }) => name}
      empty=""
      columns={[
        { name: texts.effect.part, cell: ({ name }) => name },
        {
          name: texts.state,
          cell: ({ state }) => (state === 'ready' ? texts.effect.ready : <Mark text={state} />),
        },
      ]}
    />
  );
}

function Nodes({ status: { nodes, node_id: own } }: { readonly status: Status }) {
  const { formats } = useApp();
  const { effect: texts } = useTexts();
  return (
    <Table
      caption={texts.nodes}
      rows={nodes}
      keyOf={({ node_id: id }) => id}
      empty=""
      columns={[
        {
          name: texts.node,
          cell: ({ node_id: id }) => (
            <>
              {id} {id === own && <Mark text={texts.thisNode} />}
            </>
          ),
        },
        {
          name: texts.lease,
          isNumber: true,
          cell: ({ lease_remaining_ms: ms }) => formats.milliseconds(Number(ms)),
        },
        { name: texts.lateSince, cell: ({ late_since_ms: ms }) => <Since ms={ms} /> },
        { name: texts.parts, cell: ({ parts }) => <NodeParts parts={parts} /> },
        { name: texts.guardsOfNode, isNumber: true, cell: ({ subscriber_count: count }) => count },
        {
          name: texts.canary,
          cell: ({ canary_time_ms: ms, canary_us: us }) =>
            ms === never ? (
              '–'
            ) : (
              <>
                <Ago ms={ms} /> ({formats.milliseconds(Number(us) / 1000)})
              </>
            ),
        },
        { name: texts.reported, cell: ({ report_time_ms: ms }) => <Ago ms={ms} /> },
      ]}
    />
  );
}

function Since({ ms }: { readonly ms: string }) {
  if (ms === never) return <>–</>;
  return (
    <>
      <Time ms={ms} /> (<Ago ms={ms} />)
    </>
  );
}

function Guards({ status: { subscribers, subscriber_count: count } }: { readonly status: Status }) {
  const { formats } = useApp();
  const { effect: texts } = useTexts();
  return (
    <Table
      caption={texts.guards(formats.number(count))}
      rows={subscribers.slice(0, 50).map((each, index) => ({ ...each, index }))}
      keyOf={({ service, subscriber, index }) => `${service} ${subscriber} ${index}`}
      empty={texts.noGuards}
      columns={[
        { name: texts.guard, cell: ({ subscriber }) => subscriber },
        { name: texts.service, cell: ({ service }) => service },
        { name: texts.node, cell: ({ node_id: id }) => <span title={id}>{id.slice(0, 8)}</span> },
        {
          name: texts.connected,
          cell: ({ connected }) => (connected ? texts.connected : <Mark text={texts.notConnected} />),
        },
        {
          name: texts.lease,
          isNumber: true,
          cell: ({ lease_remaining_ms: ms }) => formats.milliseconds(Number(ms)),
        },
        { name: texts.behindSince, cell: ({ behind_since_ms: ms }) => <Since ms={ms} /> },
        { name: texts.heard, cell: ({ heard_time_ms: ms }) => <Ago ms={ms} /> },
      ]}
    />
  );
}

function Late({ status: { effect } }: { readonly status: Status }) {
  const { formats } = useApp();
  const { effect: texts, when } = useTexts();
  return (
    <Table
      caption={texts.late}
      rows={effect.late}
      keyOf={({ name, outcome }) => `${name} ${outcome}`}
      empty={texts.nobodyLate}
      columns={[
        { name: texts.who, cell: ({ name }) => name },
        { name: texts.outcome, cell: ({ outcome }) => outcome },
        { name: texts.times, isNumber: true, cell: ({ times }) => formats.number(times) },
        { name: when, cell: ({ time_ms: ms }) => <Time ms={ms} /> },
      ]}
    />
  );
}

function PerSecond({ status }: { readonly status: Status }) {
  const { effect: texts } = useTexts();
  const values = status.effect.per_second;
  const times = useMemo(
    () =>
      values.map((_, index) =>
        new Date(Number(status.time_ms) - (values.length - 1 - index) * 1000).toISOString(),
      ),
    [status],
  );
  const series = useMemo(() => [{ label: texts.perSecond, values }], [status]);
  return <Chart title={texts.perSecond} times={times} series={series} />;
}
