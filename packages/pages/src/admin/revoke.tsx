/** Revoke by filter: criteria, preview, reason and confirmation, progress until in effect, and a report. */
import { useEffect, useState } from 'preact/hooks';
import { Refusal } from '../api/refusal.ts';
import { useApp } from '../app/app.ts';
import { useLoaded } from '../app/useLoaded.ts';
import { Show } from '../parts/loading.tsx';
import { Table } from '../parts/table.tsx';
import { sentenceOf } from '../texts/problems.ts';
import { useAdmin } from './adminApi.ts';
import { saveJson } from './cells.tsx';
import { useChange } from './change.tsx';
import { everyEvent } from './everyEvent.ts';
import { Filters } from './filters.tsx';
import type { Preview, Progress, Session, SessionCount } from './messages.ts';
import { sessionFilter, useSessionFields, useSessionFilter } from './sessionFilter.ts';
import { SessionTable } from './sessions.tsx';
import { useTexts } from './useTexts.ts';

/**
 * What is running is found again by its address: the request's id stands in it. An address alone starts nothing: whoever follows a
 * link must not end sessions.
 */
export function RevokeView() {
  const api = useAdmin();
  const { router, act } = useApp();
  const { revoke: texts } = useTexts();
  const given = useSessionFilter();
  const [started, setStarted] = useState<string>();
  const shown = router.place.value.query.get('request');
  const run = async (requestId: string, reason: string) => {
    setStarted(requestId);
    router.go('revoke', { ...given, request: requestId });
    const request = { filter: sessionFilter(given), request_id: requestId };
    await act(async () => {
      await api.call('RevocationService/Revoke', request, reason);
      return undefined;
    });
    setStarted(undefined);
  };
  if (shown !== null)
    return <Running key={shown} requestId={shown} given={given} isStarted={started === shown} run={run} />;
  return (
    <>
      <p>{texts.explanation}</p>
      <Filters fields={useSessionFields()} button={texts.preview} />
      {Object.keys(given).length > 0 && <Previewed key={JSON.stringify(given)} given={given} run={run} />}
    </>
  );
}

type Given = Readonly<Record<string, string>>;
const sampleSessions = 10;

type Run = (requestId: string, reason: string) => Promise<void>;

function Previewed({ given, run }: { readonly given: Given; readonly run: Run }) {
  const api = useAdmin();
  const { formats } = useApp();
  const { revoke: texts } = useTexts();
  const { askForReason, dialog } = useChange();
  const filter = sessionFilter(given);
  const loaded = useLoaded(async () => {
    const preview = await api.read<Preview>('RevocationService/PreviewRevocation', { filter });
    const page = { filter, page_size: sampleSessions };
    const { sessions } = await api.read<{ sessions: readonly Session[] }>(
      'SessionService/FindSessions',
      page,
    );
    return { preview, sessions };
  });
  const captionOf = (caption: string, { more, matched_sessions: counted }: Preview) =>
    more ? texts.ofCounted(caption, formats.number(Number(counted))) : caption;
  const start = async ({ matched_sessions: matched, more }: Preview) => {
    const title = texts.end(formats.number(Number(matched)), more);
    const typed = more ? `${matched}+` : matched;
    const reason = await askForReason({ title, text: texts.endText, destroys: true, typed });
    if (reason !== undefined) await run(crypto.randomUUID(), reason);
  };
  return (
    <Show loaded={loaded}>
      {({ preview, sessions }) =>
        preview.matched_sessions === '0' ? (
          <p class="empty">{texts.nothing}</p>
        ) : (
          <>
            <p class="notice">
              {texts.matched(
                formats.number(Number(preview.matched_sessions)),
                formats.number(Number(preview.users)),
                preview.more,
              )}
            </p>
            <Counts caption={captionOf(texts.byClient, preview)} counts={preview.by_client} />
            <Counts caption={captionOf(texts.byNetwork, preview)} counts={preview.by_network} />
            <Counts caption={captionOf(texts.byAge, preview)} counts={preview.by_age} names={texts.ages} />
            <SessionTable caption={texts.sample} sessions={sessions} reload={loaded.reload} />
            <button type="button" class="destroys" onClick={() => start(preview)}>
              {texts.end(formats.number(Number(preview.matched_sessions)), preview.more)}
            </button>
            {dialog}
          </>
        )
      }
    </Show>
  );
}

function Counts({
  caption,
  counts,
  names = {},
}: {
  readonly caption: string;
  readonly counts: readonly SessionCount[];
  readonly names?: Readonly<Record<string, string>>;
}) {
  const { formats } = useApp();
  const { revoke: texts } = useTexts();
  return (
    <Table
      caption={caption}
      rows={counts}
      keyOf={({ name }) => name}
      empty="–"
      columns={[
        { name: texts.part, cell: ({ name }) => names[name] ?? (name || '–') },
        { name: texts.sessions, isNumber: true, cell: ({ sessions }) => formats.number(Number(sessions)) },
      ]}
    />
  );
}

const pollMilliseconds = 500;

/** The next look may succeed. */
function isPassing({ code, status }: Refusal): boolean {
  return code === 'network' || status >= 500;
}

/** How far it is. Repeating it under the same id ends nothing twice. */
function Running({
  requestId,
  given,
  isStarted,
  run,
}: {
  readonly requestId: string;
  readonly given: Given;
  /** Here, and not answered yet. */
  readonly isStarted: boolean;
  readonly run: Run;
}) {
  const api = useAdmin();
  const { router, formats, texts: partTexts } = useApp();
  const { revoke: texts } = useTexts();
  const { askForReason, dialog } = useChange();
  const [progress, setProgress] = useState<Progress>();
  const [refusal, setRefusal] = useState<Refusal>();
  const isFinished = progress?.finished === true;
  useEffect(() => {
    if (isFinished) return;
    let timer: ReturnType<typeof setTimeout> | undefined;
    let isGone = false;
    const look = async () => {
      try {
        setProgress(await api.read<Progress>('RevocationService/GetRevocation', { request_id: requestId }));
      } catch (error) {
        // Before its first transaction nobody knows the request.
        if (!isStarted && error instanceof Refusal && !isPassing(error)) return setRefusal(error);
      }
      if (!isGone) timer = setTimeout(look, pollMilliseconds);
    };
    look();
    return () => {
      isGone = true;
      clearTimeout(timer);
    };
  }, [isFinished, requestId, isStarted]);
  const complete = async () => {
    const reason = await askForReason({ title: texts.complete, text: texts.interrupted, destroys: true });
    if (reason !== undefined) await run(requestId, reason);
  };

  // Never completed from an address alone: only what this administrator has begun.
  if (progress === undefined && refusal !== undefined)
    return (
      <>
        <p role="status" class="notice problem">
          {refusal.code === 'not_found' ? texts.unknown : sentenceOf(partTexts, refusal)}
        </p>
        <button type="button" onClick={() => router.go('revoke', given)}>
          {texts.preview}
        </button>
      </>
    );
  const ended = formats.number(Number(progress?.ended_sessions ?? 0));
  return (
    <>
      <p role="status" class="notice">
        {isFinished ? texts.finished(ended) : texts.running(ended)}
      </p>
      {!isFinished && !isStarted && progress !== undefined && (
        <p>
          {texts.interrupted}{' '}
          <button type="button" onClick={complete}>
            {texts.complete}
          </button>
        </p>
      )}
      {isFinished && (
        <div class="buttons">
          <Report {...{ requestId, given, progress }} />
          <a class="button" href={router.addressOf('revoke')}>
            {texts.another}
          </a>
        </div>
      )}
      {dialog}
    </>
  );
}

/** Names the audit events, by their ids. */
function Report(about: { readonly requestId: string; readonly given: Given; readonly progress: Progress }) {
  const api = useAdmin();
  const { act } = useApp();
  const { revoke: texts, audit } = useTexts();
  const { requestId, given, progress } = about;
  const download = () =>
    act(async () => {
      const filter = { request_id: requestId, since_ms: progress.open_time_ms };
      const events = await everyEvent(api, filter);
      saveJson(`countersign-revocation-${requestId}.json`, {
        request_id: requestId,
        filter: given,
        ...progress,
        events,
      });
      return audit.exported(events.length);
    });
  return (
    <button type="button" class="main" onClick={download}>
      {texts.report}
    </button>
  );
}
