/** Commands for one subject that leave together, as the frame that they will be. */
export class CommandBatch {
  readonly subject: string
  bytes = new Uint8Array(4 * 1024)
  view = new DataView(this.bytes.buffer)
  length: number
  count = 0
  /** Its frame is on its way into the bus. */
  isLeaving = false
  private readonly head: Uint8Array

  constructor(subject: string, head: Uint8Array) {
    this.subject = subject
    this.head = head
    this.bytes.set(head)
    this.length = head.length
  }

  reserve(count: number): number {
    const needed = this.length + count
    if (needed > this.bytes.length) {
      const larger = new Uint8Array(Math.max(needed, this.bytes.length * 2))
      larger.set(this.bytes.subarray(0, this.length))
      this.bytes = larger
      this.view = new DataView(larger.buffer)
    }
    return this.length
  }

  finish(): Uint8Array {
    this.view.setUint16(2, this.count, true)
    return this.bytes.subarray(0, this.length)
  }

  clear(): void {
    this.length = this.head.length
    this.count = 0
    this.isLeaving = false
  }

  /** Leaves its frame alone and begins another one. */
  renew(): void {
    this.bytes = new Uint8Array(this.bytes.length)
    this.view = new DataView(this.bytes.buffer)
    this.bytes.set(this.head)
    this.clear()
  }
}
