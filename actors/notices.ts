import { frameVersion } from '../protocol/frame.ts'
import { packInner } from '../protocol/inner-codec.ts'

/** Frames that a batch says to others than its askers. Like answers they are held back until the batch is stored. */
export class Notices {
  private held: { readonly subject: string; readonly frame: Uint8Array }[] = []

  /** Keeps a frame of this kind (protocol/frame.ts) for `subject`; `content` goes through the inner codec. */
  send(subject: string, kind: number, content: unknown): void {
    const body = packInner(content)
    const frame = new Uint8Array(body.length + 2)
    frame[0] = frameVersion
    frame[1] = kind
    frame.set(body, 2)
    this.held.push({ subject, frame })
  }

  get isEmpty(): boolean {
    return this.held.length === 0
  }

  release(send: (subject: string, frame: Uint8Array) => void): void {
    if (this.held.length === 0) return
    for (const { subject, frame } of this.held) send(subject, frame)
    this.held = []
  }

  /** Forgets the notices of a batch that was refused by the store. */
  drop(): void {
    this.held = []
  }
}
