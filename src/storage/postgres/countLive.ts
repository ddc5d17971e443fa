import {
  canaryReason,
  type SliceCount,
  sessionSubjectBytes,
} from '@countersign/verifier/revocation/revocation';

/** No memory, copy or subscriber stores canaries. */
export const noCanarySql = `reason <> '${canaryReason}'`;

export interface CountRow {
  readonly slice: number;
  readonly of_sessions: boolean;
  readonly entries: number;
}

/** Counts entries that expire after `after`, an SQL expression, in slices of `sliceMs`. */
export function countLiveSql(after: string, sliceMs: number): string {
  return `SELECT ceil(extract(epoch FROM expires_at) * 1000 / ${Math.trunc(sliceMs)})::float8 AS slice,
                 octet_length(subject) = ${sessionSubjectBytes} AS of_sessions, count(*)::int AS entries
            FROM revocations WHERE expires_at > ${after} AND ${noCanarySql} GROUP BY 1, 2`;
}

export function fromCountRow({ slice, of_sessions, entries }: CountRow, sliceMs: number): SliceCount {
  return { endsAt: slice * sliceMs, ofSessions: of_sessions, entries };
}
