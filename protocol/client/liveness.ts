/** A connection on which nothing was heard for this long is asked for a sign of life. */
export const quietMaxMs = 15_000
/** Whoever has been asked and says nothing at all for this long is gone, whatever the socket believes. */
export const silenceMaxMs = 8_000

/** Tells a quiet connection from a dead one: browsers give no sign when a network goes away without a word. */
export class Liveness {
  private heardAt: number
  private askedAt: number | undefined

  constructor(now: number) {
    this.heardAt = now
  }

  heard(now: number): void {
    this.heardAt = now
    this.askedAt = undefined
  }

  asked(now: number): void {
    this.askedAt ??= now
  }

  verdict(now: number): 'alive' | 'ask' | 'dead' {
    if (this.askedAt !== undefined) return now - this.askedAt >= silenceMaxMs ? 'dead' : 'alive'
    return now - this.heardAt >= quietMaxMs ? 'ask' : 'alive'
  }
}
