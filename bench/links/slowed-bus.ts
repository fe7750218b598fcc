import type { Bus, FrameHandler, Served } from '../../cluster/bus.ts'
import type { Timers } from '../../cluster/world.ts'
import { readCommandsHead } from '../../protocol/frame.ts'
import { kindOfSubject } from '../../protocol/subject.ts'
import { Pace, type PaceSettings } from './pace.ts'

/**
 * A bus that brings no more than so many commands a second to those in this process, all subjects together and in order; answers and broadcasts are as fast as ever. It waits where frames
 * arrive, so that a sender still hears at once of a subject that nobody serves.
 */
export function slowedBus(bus: Bus, settings: PaceSettings, timers: Timers): Bus {
  const way = new SlowWay(new Pace(settings), timers)
  return {
    send: (subject, frame) => bus.send(subject, frame),
    serve: (subject, handler) => (kindOfSubject(subject) === 'commands' ? way.serve(bus, subject, handler) : bus.serve(subject, handler)),
    onUndelivered: (listener) => bus.onUndelivered(listener),
    close: () => bus.close(),
  }
}

interface Waiting {
  readonly frame: Uint8Array
  readonly dueAt: number
  deliver: FrameHandler
}

class SlowWay {
  private readonly pace: Pace
  private readonly timers: Timers
  private readonly waiting: Waiting[] = []

  constructor(pace: Pace, timers: Timers) {
    this.pace = pace
    this.timers = timers
  }

  serve(bus: Bus, subject: string, handler: FrameHandler): Served {
    const own = new Set<Waiting>()
    const served = bus.serve(subject, (frame) => {
      const one: Waiting = {
        frame: frame.slice(),
        dueAt: performance.now() + this.pace.take(readCommandsHead(frame)?.count ?? 0),
        deliver: (kept) => {
          own.delete(one)
          handler(kept)
        },
      }
      own.add(one)
      this.queue(one)
    })
    return {
      close: (late) => {
        served.close(late)
        for (const one of own) one.deliver = late ?? (() => {})
      },
    }
  }

  private queue(one: Waiting): void {
    this.waiting.push(one)
    if (this.waiting.length === 1) this.next()
  }

  /** What is due now, and then what is due next: timers of their own could change places within a millisecond. */
  private next(): void {
    for (let first = this.waiting[0]; first !== undefined; first = this.waiting[0]) {
      const leftMs = first.dueAt - performance.now()
      if (leftMs > 0) {
        this.timers.after(leftMs, () => this.next())
        return
      }
      // Taken out first, for what it brings about may be another frame.
      this.waiting.shift()
      first.deliver(first.frame)
    }
  }
}
