import type { Message } from '../envelope.ts'
import type { Cancel, ClientWorld } from './client-world.ts'

/**
 * Keeps what the user sees in the order in which the server said it. A promise's `then` runs only when the current task is over, an event
 * handler at once: without this, "you wait" followed by "your turn" in one read of the socket would reach the user the other way round.
 * So an event behind an answer, and all that follows it, is handed on in the next task. Browsers give each frame a task of its own, and
 * answers alone never wait.
 */
export class Inbox {
  private readonly world: ClientWorld
  private readonly handOn: (message: Message) => void
  private held: Message[] = []
  private answered = false
  private cancelNext: Cancel | undefined

  constructor(world: ClientWorld, handOn: (message: Message) => void) {
    this.world = world
    this.handOn = handOn
  }

  take(message: Message): void {
    if (this.held.length > 0 || (this.answered && message.kind !== 'response')) {
      this.held.push(message)
      return
    }
    if (message.kind === 'response') {
      this.answered = true
      this.cancelNext ??= this.world.after(0, () => this.next())
    }
    this.handOn(message)
  }

  /** Hands on everything now, in order: nothing more will come from where it came. */
  flush(): void {
    const held = this.held
    this.held = []
    this.answered = false
    this.cancelNext?.()
    this.cancelNext = undefined
    for (const message of held) this.handOn(message)
  }

  private next(): void {
    const held = this.held
    this.held = []
    this.answered = false
    this.cancelNext = undefined
    for (const message of held) this.take(message)
  }
}
