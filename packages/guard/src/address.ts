/** An authority's address, and the certificates the guard needs for it. */

export interface Address {
  readonly host: string;
  readonly port: number;
  /** As given in the options. */
  readonly text: string;
}

export interface ClientTls {
  readonly ca: string | Buffer;
  readonly certificate?: string | Buffer;
  readonly privateKey?: string | Buffer;
}
