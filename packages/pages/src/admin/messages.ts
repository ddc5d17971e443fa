/** Answers of the API, as far as the console shows them. Whole numbers of 64 bits are texts; times are milliseconds as texts, '0' for never. */

export interface Status {
  readonly node_id: string;
  readonly time_ms: string;
  readonly parts: readonly PartState[];
  readonly nodes: readonly {
    readonly node_id: string;
    readonly lease_remaining_ms: string;
    readonly late_since_ms: string;
    readonly parts: readonly PartState[];
    readonly subscriber_count: number;
    readonly report_time_ms: string;
    readonly canary_time_ms: string;
    readonly canary_us: string;
  }[];
  readonly subscribers: readonly Subscriber[];
  readonly subscriber_count: number;
  readonly effect: {
    readonly revocations: number;
    readonly p50_us: string;
    readonly p99_us: string;
    readonly worst_us: string;
    readonly per_second: readonly number[];
    readonly late: readonly {
      readonly name: string;
      readonly is_node: boolean;
      readonly outcome: string;
      readonly time_ms: string;
      readonly times: number;
    }[];
  };
  readonly deny_list_entries: string;
  readonly warnings: readonly string[];
}

export interface PartState {
  readonly name: string;
  readonly state: string;
}

export interface Subscriber {
  readonly node_id: string;
  readonly subscriber: string;
  readonly service: string;
  readonly connected: boolean;
  readonly lease_remaining_ms: string;
  readonly behind_since_ms: string;
  readonly heard_time_ms: string;
}

export interface Page {
  readonly next_page_token: string;
}

export interface User {
  readonly user_id: string;
  readonly email: string;
  readonly disabled: boolean;
  readonly email_verified: boolean;
  readonly create_time_ms: string;
}

export interface UserEvent {
  readonly event_id: string;
  readonly time_ms: string;
  readonly type: string;
  readonly actor: string;
  readonly session_id: string;
  readonly reason: string;
  readonly request_id: string;
  readonly ip: string;
  readonly detail: string;
}

export interface ShownUser {
  readonly user: User;
  readonly factors: readonly string[];
  readonly recovery_codes_left: number;
  readonly factors_reset_time_ms: string;
  readonly sessions: number;
  readonly sign_ins: readonly UserEvent[];
}

export interface Session {
  readonly session_id: string;
  readonly user_id: string;
  readonly client_id: string;
  readonly device_name: string;
  readonly browser: string;
  readonly os: string;
  readonly ip: string;
  readonly acr: string;
  readonly create_time_ms: string;
  readonly last_used_time_ms: string;
}

export interface SessionCount {
  readonly name: string;
  readonly sessions: string;
}

export interface Preview {
  readonly matched_sessions: string;
  /** Others match, too, and were not counted. */
  readonly more: boolean;
  readonly users: string;
  readonly by_client: readonly SessionCount[];
  readonly by_network: readonly SessionCount[];
  readonly by_age: readonly SessionCount[];
}

export interface Progress {
  readonly open_time_ms: string;
  readonly ended_sessions: string;
  readonly finished: boolean;
}

export interface Key {
  readonly kid: string;
  readonly state: string;
  readonly create_time_ms: string;
  readonly activate_time_ms: string;
  readonly retiring_time_ms: string;
  readonly retire_time_ms: string;
  readonly revoke_time_ms: string;
}

export interface Client {
  readonly client_id: string;
  readonly name: string;
  readonly kind: string;
  readonly permissions: readonly string[];
  readonly audiences: readonly string[];
  readonly scopes: readonly string[];
  readonly redirect_uris: readonly string[];
  readonly post_logout_redirect_uris: readonly string[];
  readonly backchannel_logout_uri: string;
  readonly jwks: string;
  readonly has_key: boolean;
  readonly certificate_name: string;
  readonly certificate_bound: boolean;
  /** Changes with the settings. */
  readonly etag: string;
  readonly create_time_ms: string;
  readonly disable_time_ms: string;
  readonly revoke_time_ms: string;
  readonly secrets: readonly { readonly expire_time_ms: string; readonly last_used_time_ms: string }[];
}

export interface Role {
  readonly name: string;
  readonly audiences: readonly {
    readonly audience: string;
    readonly scopes: readonly string[];
    readonly second_factor: boolean;
  }[];
}

export interface Grant {
  readonly role: string;
  readonly subject: string;
  readonly grant_time_ms: string;
  readonly granted_by: string;
  readonly expire_time_ms: string;
}

export interface AuditEvent {
  readonly event: UserEvent;
  readonly user_id: string;
  readonly email: string;
  readonly program: string;
}

export interface Chain {
  readonly intact: boolean;
  readonly seals: string;
  readonly events: string;
  readonly unsealed: string;
  readonly head_seal: string;
  readonly head_hash: string;
  readonly faulty_seal: string;
  readonly fault: string;
}

export interface NetworkRefusal {
  readonly network: string;
  readonly operation: string;
  readonly scope: string;
  readonly times: string;
  readonly time_ms: string;
}

export interface OutboxMessage {
  readonly message_id: string;
  readonly channel: string;
  readonly template: string;
  readonly user_id: string;
  readonly create_time_ms: string;
  readonly due_time_ms: string;
  readonly attempts: number;
  readonly last_fault: string;
  readonly claimed_until_time_ms: string;
  readonly give_up_time_ms: string;
}

export interface Setting {
  readonly name: string;
  readonly group: string;
  readonly value: string;
  readonly source: string;
  readonly secret: boolean;
  readonly description: string;
}
