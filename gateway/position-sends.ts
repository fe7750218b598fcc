import type { Clock, Log, Timer, Timers } from '../cluster/world.ts'
import type { GatewayCounters } from './gateway-counters.ts'
import { EncodedLines, type LineEncoder, lineCodec, type LineFrame, lineEvent, lineNumbersOf, type LineRound } from './line-frames.ts'
import { isNews, placeOf } from './line-turn.ts'
import { Notification } from './notification.ts'
import type { FollowedClaim, Presence } from './presence.ts'
import { RecentMost } from './recent-most.ts'
import type { SkuView } from './sku-view.ts'

/** A slice of a round, as long as the event loop may be kept by it. */
export const sliceMsMax = 4
/** Slices follow each other so, that what else there is to do gets between them. */
const sliceEveryMs = 10
/** Fewer are not worth a slice of their own. */
const sliceFramesMin = 64
/** Between two looks at the clock. */
const sendsPerLook = 16
/** An encoder that takes longer has failed. */
const encodeMsMax = 500
/** After a failure the event loop encodes by itself for so long. */
const encoderRestMs = 10_000
/** How long a slow time is remembered. */
const slowForMs = 10_000

export interface PositionSendsParts {
  readonly clock: Clock
  readonly timers: Timers
  readonly log: Log
  readonly counters: GatewayCounters
  readonly encoder?: LineEncoder | undefined
  readonly tickMs: number
}

/**
 * Tells places to sockets in slices of a few milliseconds, spread over a tick (a send is a system call: a round to all clients at once would keep the event
 * loop for long). Large rounds are encoded elsewhere first. What is told is looked at again in the moment in which it is sent: it never rises, and nobody
 * hears of a place that is none any more.
 */
export class PositionSends {
  private readonly parts: PositionSendsParts
  private readonly encoding = new Set<Batch>()
  private readonly ready: Batch[] = []
  private sliceFrames = sliceFramesMin
  private timer: Timer | undefined
  private encoderRestsUntil = 0
  private readonly lags = new RecentMost(slowForMs)

  constructor(parts: PositionSendsParts) {
    this.parts = parts
  }

  /** Frames that are not sent yet. */
  get waiting(): number {
    let frames = 0
    for (const batch of this.encoding) frames += batch.claims.length
    for (const batch of this.ready) frames += batch.claims.length - batch.sent
    return frames
  }

  /** The longest that a client waited lately to be told something newer than what it had been shown. */
  get lagMs(): number {
    return this.lags.most(this.parts.clock.monotonic())
  }

  add(view: SkuView, claims: readonly FollowedClaim[]): void {
    if (claims.length === 0) return
    const batch: Batch = { view, claims, sent: 0, since: this.parts.clock.monotonic(), encoded: undefined }
    if (!this.encodeElsewhere(batch)) this.ready.push(batch)
  }

  /** Sends a first slice of what was added, and the others in the tick that follows. */
  begin(): void {
    const since = this.parts.clock.monotonic() - encodeMsMax
    for (const batch of this.encoding) if (batch.since <= since) this.encoderFailed(batch, 'no answer')
    const slices = Math.max(1, Math.floor(this.parts.tickMs / sliceEveryMs))
    this.sliceFrames = Math.max(sliceFramesMin, Math.ceil(this.waiting / slices))
    if (this.timer === undefined) this.slice()
  }

  close(): void {
    this.timer?.cancel()
    this.ready.length = 0
    this.encoding.clear()
  }

  private slice(): void {
    const { clock, timers, counters } = this.parts
    const began = clock.monotonic()
    let left = this.sliceFrames
    for (let batch = this.ready[0]; batch !== undefined; batch = this.ready[0]) {
      while (batch.sent < batch.claims.length && left > 0) {
        left -= this.send(batch, batch.sent++, began)
        if (batch.sent % sendsPerLook === 0 && clock.monotonic() - began >= sliceMsMax) left = 0
      }
      if (batch.sent < batch.claims.length) break
      this.ready.shift()
    }
    counters.positionSlices.observe(clock.monotonic() - began)
    if (this.ready.length === 0) return
    this.timer = timers.after(sliceEveryMs, () => {
      this.timer = undefined
      this.slice()
    })
  }

  /** Returns how many frames it took. */
  private send({ claims, encoded, view }: Batch, index: number, now: number): number {
    const followed = claims[index] as FollowedClaim
    const { presence } = followed
    followed.isPicked = false
    const place = placeOf(followed)
    const ahead = place === undefined ? undefined : (encoded?.round.aheads[index] ?? place)
    if (ahead === undefined || !isNews(followed, ahead)) return 0
    const isEncoded = encoded !== undefined && (codecsOf(presence) & ~(encoded.round.codecs[index] as number)) === 0
    const frame: LineFrame = isEncoded
      ? encoded.lines.frame(index)
      : new Notification('line', lineEvent(view.settings.sku, followed.claim, ahead, view.numbers))
    this.tell(followed, ahead, frame, now)
    return presence.connections.size
  }

  private tell(followed: FollowedClaim, ahead: number, frame: LineFrame, now: number): void {
    const { counters } = this.parts
    let told = 0
    let putOff = 0
    for (const connection of followed.presence.connections) {
      if (connection.tellPlace(frame)) told++
      else putOff++
    }
    if (told > 0 && ahead < followed.aheadShown && followed.shownAt > 0) {
      const lagMs = now - followed.shownAt
      counters.positionLags.observe(lagMs)
      this.lags.see(lagMs, now)
    }
    counters.positionFrames += told
    counters.positionsPutOff += putOff
    followed.isOwed = putOff > 0
    followed.aheadShown = ahead
    followed.shownAt = now
  }

  /** False if the event loop has to do it. */
  private encodeElsewhere(batch: Batch): boolean {
    const { encoder, clock, counters } = this.parts
    if (encoder === undefined || batch.claims.length < encoder.framesMin || clock.monotonic() < this.encoderRestsUntil) return false
    const round = roundOf(batch)
    // The encoder takes the memory of what it is given.
    const given = { ...round, tickets: round.tickets.slice(), aheads: round.aheads.slice(), codecs: round.codecs.slice() }
    this.encoding.add(batch)
    encoder.encode(given).then(
      (bytes) => {
        if (!this.encoding.delete(batch)) return
        counters.roundsEncoded++
        batch.encoded = { round, lines: new EncodedLines(bytes, batch.claims.length) }
        this.ready.push(batch)
        if (this.timer === undefined) this.slice()
      },
      (error: unknown) => this.encoderFailed(batch, String(error)),
    )
    return true
  }

  private encoderFailed(batch: Batch, error: string): void {
    if (!this.encoding.delete(batch)) return
    const { counters, log, clock } = this.parts
    counters.encoderFailures++
    log.warn({ error, claims: batch.claims.length }, 'places were not encoded apart from the event loop, which does it for now')
    this.encoderRestsUntil = clock.monotonic() + encoderRestMs
    this.ready.push(batch)
    if (this.timer === undefined) this.slice()
  }
}

interface Batch {
  readonly view: SkuView
  readonly claims: readonly FollowedClaim[]
  /** How many have had their turn. */
  sent: number
  readonly since: number
  encoded: { readonly round: LineRound; readonly lines: EncodedLines } | undefined
}

function roundOf({ view, claims }: Batch): LineRound {
  const tickets = new Uint32Array(claims.length)
  const aheads = new Uint32Array(claims.length)
  const codecs = new Uint8Array(claims.length)
  for (const [i, { claim, presence }] of claims.entries()) {
    tickets[i] = claim
    aheads[i] = view.line.countBefore(claim)
    codecs[i] = codecsOf(presence)
  }
  return { sku: view.settings.sku, numbers: lineNumbersOf(view.numbers), tickets, aheads, codecs }
}

function codecsOf({ connections }: Presence): number {
  let codecs = 0
  for (const { codec } of connections) codecs |= lineCodec[codec]
  return codecs
}
