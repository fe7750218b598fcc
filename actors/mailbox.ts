import { readCommandsHead } from '../protocol/frame.ts'

/**
 * Commands that wait for a shard's next batch: whole frames, copied one behind the other into one bounded buffer. Two buffers take turns, so that
 * frames which arrive while a batch is decided go to the other one.
 */
export class Mailbox {
  private filling = new FrameBuffer()
  private draining = new FrameBuffer()
  private readonly bytesMax: number

  constructor(bytesMax: number) {
    this.bytesMax = bytesMax
  }

  /** Copies a frame in; false if there is no room for it. An empty mailbox takes any frame: whoever sends it again would never get it in. */
  push(frame: Uint8Array): boolean {
    if (!this.isEmpty && this.bytes + frame.length > this.bytesMax) return false
    this.filling.add(frame)
    return true
  }

  get isEmpty(): boolean {
    return this.filling.length === 0 && this.draining.at >= this.draining.length
  }

  get bytes(): number {
    return this.filling.length + this.draining.length - this.draining.at
  }

  /** Hands over waiting frames, oldest first, until about `entriesMax` entries are taken; what is left waits for the next call. Returns how many entries it gave. */
  drain(entriesMax: number, each: FrameReader): number {
    let taken = 0
    while (taken < entriesMax) {
      if (this.draining.at >= this.draining.length) {
        if (this.filling.length === 0) break
        this.swap()
      }
      taken += this.draining.next(each)
    }
    return taken
  }

  /** Gives everything back that waits, oldest first: a frame's bytes are valid during the call. */
  giveBack(each: (frame: Uint8Array) => void): void {
    this.draining.empty(each)
    this.filling.empty(each)
  }

  private swap(): void {
    const drained = this.draining
    this.draining = this.filling
    this.filling = drained
    drained.clear()
  }
}

/** Called for every frame: its entries begin at `entriesAt` of `bytes` and there are `count` of them. */
export type FrameReader = (bytes: Uint8Array, view: DataView, entriesAt: number, count: number, replyTo: string) => void

class FrameBuffer {
  bytes = new Uint8Array(4 * 1024)
  view = new DataView(this.bytes.buffer)
  length = 0
  at = 0

  add(frame: Uint8Array): void {
    const end = this.length + 4 + frame.length
    if (end > this.bytes.length) {
      const larger = new Uint8Array(Math.max(end, this.bytes.length * 2))
      larger.set(this.bytes.subarray(0, this.length))
      this.bytes = larger
      this.view = new DataView(larger.buffer)
    }
    this.view.setUint32(this.length, frame.length, true)
    this.bytes.set(frame, this.length + 4)
    this.length = end
  }

  next(each: FrameReader): number {
    const from = this.at + 4
    const head = readCommandsHead(this.take())
    if (head === undefined) return 0
    each(this.bytes, this.view, from + head.entriesAt, head.count, head.replyTo)
    return head.count
  }

  empty(each: (frame: Uint8Array) => void): void {
    while (this.at < this.length) each(this.take())
    this.clear()
  }

  clear(): void {
    this.length = 0
    this.at = 0
  }

  /** The next frame, which is taken from then on. */
  private take(): Uint8Array {
    const from = this.at + 4
    this.at = from + this.view.getUint32(this.at, true)
    return this.bytes.subarray(from, this.at)
  }
}
