/** A refused request: problem details (RFC 9457) of the authority, or what stopped the request on its way. */

export interface FieldProblem {
  readonly field: string;
  readonly rule: string;
  readonly message: string;
}

/** Beside the codes of the authority: `network` (no answer), `session_ended`, and `cancelled` (the user closed a dialog). */
export class Refusal extends Error {
  override readonly name = 'Refusal';
  readonly code: string;
  readonly status: number;
  readonly fields: readonly FieldProblem[];
  readonly retryAfterSeconds: number | undefined;
  readonly requestId: string | undefined;

  constructor(
    code: string,
    about: {
      readonly status?: number;
      readonly detail?: string | undefined;
      readonly fields?: readonly FieldProblem[] | undefined;
      readonly retryAfterSeconds?: number | undefined;
      readonly requestId?: string | undefined;
    } = {},
  ) {
    super(about.detail ?? code);
    this.code = code;
    this.status = about.status ?? 0;
    this.fields = about.fields ?? [];
    this.retryAfterSeconds = about.retryAfterSeconds;
    this.requestId = about.requestId;
  }
}

interface Problem {
  readonly code?: string;
  readonly detail?: string;
  readonly errors?: readonly FieldProblem[];
  readonly request_id?: string;
}

export async function refusalOf(response: Response): Promise<Refusal> {
  const problem = (await response.json().catch(() => ({}))) as Problem;
  const retryAfter = Number(response.headers.get('retry-after') ?? 'none');
  return new Refusal(problem.code ?? 'internal', {
    status: response.status,
    detail: problem.detail,
    fields: problem.errors,
    retryAfterSeconds: Number.isFinite(retryAfter) ? retryAfter : undefined,
    requestId: problem.request_id,
  });
}

/** Throws a `Refusal` when no answer comes. */
export async function send(path: string, init: RequestInit): Promise<Response> {
  try {
    return await fetch(path, init);
  } catch (cause) {
    throw new Refusal('network', { detail: String(cause) });
  }
}
