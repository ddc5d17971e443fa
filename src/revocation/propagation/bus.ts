/**
 * The port to the other nodes. Messages may be lost, come late or twice: nothing rests on their arrival but speed
 * (S11). What arrives was said by a node of this deployment, as long as the name of its history is ours.
 */
import type { Revocation } from '@countersign/verifier/revocation/revocation';

/** A new id for each run of a node: one that was restarted is another node. */
export type NodeId = string;

/** "These are revoked": asks every other node to know them, and to say so. */
export interface Announcement {
  readonly from: NodeId;
  /** Counts up in its sender; an acknowledgement names it. */
  readonly number: number;
  /** Of the database, that they were committed to: another one may be without them. */
  readonly history: string;
  /** All committed. Undefined when they are too many for one message: read them from the truth. */
  readonly revocations: readonly Revocation[] | undefined;
}

/** "I know what you announced." */
export interface Acknowledgement {
  readonly to: NodeId;
  readonly number: number;
  readonly from: NodeId;
  /** Of the announcement. */
  readonly history: string;
}

/** Why a message had no consequence. */
export type DroppedFor =
  /** No node of this deployment wrote it, for this channel. */
  | 'unverified'
  /** A node wrote it, of another version perhaps. */
  | 'malformed'
  /** It was there before, or comes far too late. */
  | 'repeated'
  /** The database has another history than its sender knew. */
  | 'other_history';

export interface Bus {
  /** Resolves when it was handed over, to whoever may be listening; rejects when it surely was not. */
  announce(announcement: Announcement): Promise<void>;
  /** Hands over what it can; one that is lost costs the other side time, no more. */
  acknowledge(acknowledgement: Acknowledgement): void;
}

/** What a bus does with what arrives. Neither throws. */
export interface BusListener {
  /** From other nodes only. */
  onAnnouncement(announcement: Announcement): void;
  /** Of this node's own announcements only. */
  onAcknowledgement(acknowledgement: Acknowledgement): void;
}
