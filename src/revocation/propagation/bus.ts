/**
 * The port to other nodes. Messages may be lost, late or repeated: only speed depends on their arrival (S11). A message whose
 * history matches ours was written by a node of this deployment.
 */
import type { Revocation } from '@countersign/verifier/revocation/revocation';

/** New for each run: a restarted node is another node. */
export type NodeId = string;

/** Asks every other node to apply these revocations and acknowledge. */
export interface Announcement {
  readonly from: NodeId;
  /** Increases per sender; the acknowledgement repeats it. */
  readonly number: number;
  /** The history of the database they were committed to; another database may lack them. */
  readonly history: string;
  /** Committed revocations. Undefined when too many for one message: read them from the database. */
  readonly revocations: readonly Revocation[] | undefined;
}

export interface Acknowledgement {
  readonly to: NodeId;
  readonly number: number;
  readonly from: NodeId;
  /** The announcement's history. */
  readonly history: string;
}

/** Why a message was dropped. */
export type DroppedFor =
  /** Not written by a node of this deployment for this channel. */
  | 'unverified'
  /** Written by a node, perhaps of another version. */
  | 'malformed'
  /** Received before, or far too late. */
  | 'repeated'
  /** The sender knew another database history. */
  | 'other_history';

export interface Bus {
  /** Resolves when the message was sent; rejects when it certainly was not. */
  announce(announcement: Announcement): Promise<void>;
  /** Best effort: a lost acknowledgement only costs the other node time. */
  acknowledge(acknowledgement: Acknowledgement): void;
}

/** Handles incoming messages. Neither method throws. */
export interface BusListener {
  /** Called for other nodes' announcements. */
  onAnnouncement(announcement: Announcement): void;
  /** Called for acknowledgements of this node's announcements. */
  onAcknowledgement(acknowledgement: Acknowledgement): void;
}
