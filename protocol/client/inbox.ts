import type { Message } from '../envelope.ts'
import type { Cancel, ClientWorld } from './client-world.ts'

/**
 * Keeps what the user sees in the order in which the server said it. A promise's `then` runs only when the current task is over, an event
 * handler at once: without this, "you wait" followed by "your turn" in one read of the socket would reach the user the other way round.
 * So what is told to handlers behind an answer, and all that follows it, is handed on in the next task: events, and the answers that the client turns
 * into events itself. Browsers give each frame a task of its own, and answers to the user alone never wait.
 */
export class Inbox {
  private readonly world: ClientWorld
  private readonly isTold: (message: Message) => boolean
  private readonly handOn: (message: Message) => void
  private held: (Message | (() => void))[] = []
  private answered = false
  private cancelNext: Cancel | undefined

  /** `isTold` picks what ends in an event handler rather than in a promise of the user's. */
  constructor(world: ClientWorld, isTold: (message: Message) => boolean, handOn: (message: Message) => void) {
    this.world = world
    this.isTold = isTold
    this.handOn = handOn
  }

  take(message: Message): void {
    if (this.held.length > 0 || (this.answered && this.isTold(message))) {
      this.held.push(message)
      return
    }
    if (message.kind === 'response') {
      this.answered = true
      this.cancelNext ??= this.world.after(0, () => this.next())
    }
    this.handOn(message)
  }

  /** Calls `run` when all that came before has been handed on. */
  behind(run: () => void): void {
    if (this.held.length > 0) this.held.push(run)
    else run()
  }

  /** Hands on everything now, whatever the user gets to see first. */
  flush(): void {
    const held = this.held
    this.held = []
    this.answered = false
    this.cancelNext?.()
    this.cancelNext = undefined
    for (const one of held) {
      if (typeof one === 'function') one()
      else this.handOn(one)
    }
  }

  private next(): void {
    const held = this.held
    this.held = []
    this.answered = false
    this.cancelNext = undefined
    for (const one of held) {
      if (typeof one === 'function') this.behind(one)
      else this.take(one)
    }
  }
}
