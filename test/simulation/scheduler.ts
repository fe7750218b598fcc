import type { Timer } from '../../cluster/world.ts'

/** Whose event it is: a process that is gone gets none any more, and one that is paused gets them when it wakes up. */
export interface EventOwner {
  readonly isDead: boolean
  readonly isPaused: boolean
  /** Keeps an event that came while paused; the owner schedules it again when it wakes up. */
  defer(run: () => void): void
}

interface Event {
  readonly at: number
  readonly order: number
  readonly owner: EventOwner | undefined
  run: (() => void) | undefined
}

/** Where every run's time begins: a moment in 2024, so that wall clocks look like wall clocks. */
export const simulationStart = 1_710_000_000_000

/** So many events at one moment are an endless loop. */
const eventsAtOnceMax = 200_000

/**
 * The only time there is. Events run one after another in the order of their time, those of one moment in the order in which they were asked for,
 * and all promises settle between two of them; so a run follows from its seed alone.
 */
export class Scheduler {
  now = simulationStart
  /** Events that have run. */
  events = 0
  private readonly heap: Event[] = []
  private order = 0
  private eventsAtOnce = 0

  /** Calls `run` in `ms`; an owner's event is lost when the owner dies. */
  after(ms: number, run: () => void, owner?: EventOwner): Timer {
    const event: Event = { at: this.now + Math.max(0, ms), order: this.order++, owner, run }
    this.push(event)
    return {
      cancel: () => {
        event.run = undefined
      },
    }
  }

  /** Lets everything happen until `until`, in ms since 1970. Rejects with what an event throws. */
  async run(until: number): Promise<void> {
    for (let next = this.heap[0]; next !== undefined && next.at <= until; next = this.heap[0]) {
      this.pop()
      const { run, owner } = next
      if (run === undefined || owner?.isDead === true) continue
      if (owner?.isPaused === true) {
        // What is cancelled before the owner gets to it does not happen.
        owner.defer(() => next.run?.())
        continue
      }
      this.advance(next.at)
      this.events++
      run()
      await macrotask()
    }
    this.advance(until)
  }

  private advance(to: number): void {
    if (to > this.now) {
      this.now = to
      this.eventsAtOnce = 0
    } else if (++this.eventsAtOnce > eventsAtOnceMax) throw new Error('time does not go on: something asks for another turn for ever')
  }

  private push(event: Event): void {
    const { heap } = this
    let at = heap.length
    heap.push(event)
    while (at > 0) {
      const parent = (at - 1) >> 1
      const above = heap[parent]
      if (above === undefined || !isBefore(event, above)) break
      heap[at] = above
      at = parent
    }
    heap[at] = event
  }

  private pop(): void {
    const { heap } = this
    const last = heap.pop()
    if (last === undefined || heap.length === 0) return
    let at = 0
    for (;;) {
      const left = 2 * at + 1
      const leftChild = heap[left]
      if (leftChild === undefined) break
      const rightChild = heap[left + 1]
      const isRight = rightChild !== undefined && isBefore(rightChild, leftChild)
      const child = isRight ? rightChild : leftChild
      if (!isBefore(child, last)) break
      heap[at] = child
      at = isRight ? left + 1 : left
    }
    heap[at] = last
  }
}

function isBefore(a: Event, b: Event): boolean {
  return a.at === b.at ? a.order < b.order : a.at < b.at
}

/** Comes after every promise that can settle without another event. */
function macrotask(): Promise<void> {
  return new Promise((resolve) => {
    setImmediate(resolve)
  })
}
