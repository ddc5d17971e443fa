/** Where an authority is, and the certificates that the guard needs there. */

export interface Address {
  readonly host: string;
  readonly port: number;
  /** As it was written. */
  readonly text: string;
}

export interface ClientTls {
  readonly ca: string | Buffer;
  readonly certificate?: string | Buffer;
  readonly privateKey?: string | Buffer;
}
