/** What the account's routes answer, as far as the page shows it. */

export interface Account {
  readonly email: string;
  readonly email_verified: boolean;
  readonly phone: string | null;
  readonly has_password: boolean;
  readonly created_at: string;
  readonly factors_reset_at: string | null;
}

export interface Session {
  readonly id: string;
  readonly device_name: string | null;
  readonly browser: string | null;
  readonly os: string | null;
  readonly user_agent: string | null;
  readonly ip: string | null;
  readonly created_at: string;
  readonly last_used_at: string;
  readonly expires_at: string;
  readonly current: boolean;
  readonly context_change: { readonly signals: readonly string[] } | null;
}

export interface Sessions {
  readonly sessions: readonly Session[];
  readonly next_page_token?: string;
}

export interface Factor {
  readonly id: string;
  readonly kind: string;
  readonly name: string;
  readonly created_at: string;
  readonly last_used_at: string | null;
  readonly passkey?: { readonly credential_id: string; readonly backed_up: boolean };
}

export interface Factors {
  readonly factors: readonly Factor[];
  readonly step_up: readonly string[];
  readonly passkeys: {
    readonly rp_id: string;
    readonly user_id: string;
    readonly all_accepted_credential_ids: readonly string[];
  } | null;
  readonly recovery_codes: { readonly left: number };
}

export interface Activity {
  readonly events: readonly {
    readonly id: string;
    readonly at: string;
    readonly type: string;
    readonly by: 'user' | 'service' | 'operator' | 'authority';
    readonly ip: string | null;
  }[];
  readonly next?: string;
}

export interface Apps {
  readonly apps: readonly {
    readonly client_id: string;
    readonly name: string;
    readonly resources: readonly { readonly audience: string; readonly scopes: readonly string[] }[];
    readonly granted_at: string;
  }[];
}

export interface Links {
  readonly links: readonly {
    readonly id: string;
    readonly provider: string;
    readonly label: string;
    readonly created_at: string;
    readonly last_used_at: string | null;
  }[];
}

export interface Providers {
  readonly providers: readonly { readonly name: string; readonly label: string }[];
}
