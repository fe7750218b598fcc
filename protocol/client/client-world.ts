/** What a client takes from its surroundings besides sockets: passed in, so that a test can own the time and the chance. */
export interface ClientWorld {
  /** ms since some start; never goes back. */
  now(): number
  /** From 0 inclusive to 1 exclusive. */
  random(): number
  /** Bytes that nobody can guess. */
  randomBytes(count: number): Uint8Array
  /** The SHA-256 of the bytes. Rejects where the platform has none: browsers have it only in pages that came by https or from this machine. */
  sha256(bytes: Uint8Array<ArrayBuffer>): Promise<Uint8Array>
  /** Runs once after `ms`, unless cancelled. */
  after(ms: number, run: () => void): Cancel
  /** Calls `listener` when the device says that its network came or went; where no device says so, never. */
  onNetwork(listener: (online: boolean) => void): Cancel
}

/** Ends what it was returned for. Calling it again does nothing. */
export type Cancel = () => void
