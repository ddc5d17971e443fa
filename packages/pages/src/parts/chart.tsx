/** A chart of numbers over time, and the same numbers as a table: a canvas says nothing to a screen reader. */
import { useEffect, useRef } from 'preact/hooks';
import uPlot from 'uplot';
import 'uplot/dist/uPlot.min.css';
import { useApp } from '../app/app.ts';
import { Table } from './table.tsx';

export interface Series {
  readonly label: string;
  readonly values: readonly (number | null)[];
}

/** `times`: RFC 3339. */
export function Chart({
  title,
  times,
  series,
}: {
  readonly title: string;
  readonly times: readonly string[];
  readonly series: readonly Series[];
}) {
  const place = useRef<HTMLDivElement>(null);
  const { texts, formats } = useApp();
  useEffect(() => {
    const { current } = place;
    if (current === null) return;
    const colour = getComputedStyle(current).color;
    const axis = { stroke: colour, grid: { stroke: `color-mix(in srgb, ${colour} 20%, transparent)` } };
    const plot = new uPlot(
      {
        width: current.clientWidth,
        height: 220,
        series: [
          {},
          ...series.map(({ label }, index) => ({ label, stroke: colour, dash: [6, index * 3], width: 2 })),
        ],
        axes: [axis, axis],
      },
      [times.map((time) => Date.parse(time) / 1000), ...series.map(({ values }) => [...values])],
      current,
    );
    const observer = new ResizeObserver(() => plot.setSize({ width: current.clientWidth, height: 220 }));
    observer.observe(current);
    return () => {
      observer.disconnect();
      plot.destroy();
    };
  }, [times, series]);
  const rows = times.map((time, index) => ({
    time,
    values: series.map(({ values }) => values[index] ?? null),
  }));
  return (
    <figure class="chart">
      <figcaption>{title}</figcaption>
      <div ref={place} aria-hidden="true" />
      <details>
        <summary>{texts.asTable}</summary>
        <Table
          caption={title}
          keyOf={(row) => row.time}
          rows={rows}
          empty={texts.nothing}
          columns={[
            { name: texts.time, cell: (row) => formats.time(row.time) },
            ...series.map(({ label }, index) => ({
              name: label,
              isNumber: true,
              cell: (row: (typeof rows)[number]) => {
                const value = row.values[index];
                return value === null || value === undefined ? '–' : formats.number(value);
              },
            })),
          ]}
        />
      </details>
    </figure>
  );
}
