import { frameBytesMax } from '../protocol/frame.ts'
import { kindOfSubject, type SubjectKind } from '../protocol/subject.ts'
import { eachFrame, messageOverheadBytes } from './bus-message.ts'
import type { Bus, FrameHandler, SendResult, Served } from './bus.ts'
import { FrameHandlers } from './frame-handlers.ts'
import type { MetricSink, MetricSource } from './metrics.ts'
import { NatsLane, type NatsLaneLimits } from './nats-lane.ts'
import { NatsLink } from './nats-link.ts'
import type { NatsOptions } from './nats-options.ts'
import type { NatsSubscription } from './nats.ts'
import { awaySinceOf, type Reachable } from './reachable.ts'
import type { World } from './world.ts'

export interface NatsBusLimits extends NatsLaneLimits {
  /** How long `close` waits until the server has taken what was sent. */
  readonly closeMs: number
}

export const natsBusLimits: NatsBusLimits = {
  underWayBytesMax: 16 * 1024 * 1024,
  messageBytes: 64 * 1024,
  closeMs: 2_000,
}

/**
 * The bus of many processes, over NATS. Commands, answers and broadcasts have a connection each: a receiver that falls behind is cut off by the
 * server with all that waits for it, and one that cannot follow the broadcasts must not lose answers. What is sent while a connection is down is refused as
 * `full`, and what was under way when it went is lost: at most once.
 *
 * Only commands are known to have had no receiver (`onUndelivered`): nobody does anything about an answer to a gateway that is gone.
 */
export class NatsBus implements Bus, MetricSource, Reachable {
  readonly #world: World
  readonly #limits: NatsBusLimits
  readonly #ways: Readonly<Record<SubjectKind, Way>>
  readonly #subjects = new Map<string, ServedSubject>()
  readonly #listeners: ((subject: string, frame: Uint8Array) => void)[] = []
  #undelivered = 0
  #closed = false

  private constructor(world: World, limits: NatsBusLimits, links: Readonly<Record<SubjectKind, NatsLink>>) {
    this.#world = world
    this.#limits = limits
    const { commands, answers, broadcasts } = links
    const wayOver = (link: NatsLink): Way => ({ link, lane: new NatsLane({ link, world, limits }) })
    this.#ways = {
      commands: {
        link: commands,
        lane: new NatsLane({
          link: commands,
          world,
          limits,
          onUnreceived: (message) => this.#unreceived(message.subject, message.finish()),
        }),
      },
      answers: wayOver(answers),
      broadcasts: wayOver(broadcasts),
    }
  }

  /** Resolves when connected; says in the log what it waits for. Rejects with a {@link NatsFault} that waiting would not cure. */
  static async connect(options: NatsOptions, limits: NatsBusLimits = natsBusLimits): Promise<NatsBus> {
    const made: NatsLink[] = []
    const open = async (purpose: SubjectKind): Promise<NatsLink> => {
      const link = await NatsLink.open(options, purpose, frameBytesMax + messageOverheadBytes)
      made.push(link)
      return link
    }
    try {
      const links = { commands: await open('commands'), answers: await open('answers'), broadcasts: await open('broadcasts') }
      return new NatsBus(options.world, limits, links)
    } catch (error) {
      for (const link of made) link.close()
      throw error
    }
  }

  get awaySince(): number | undefined {
    return awaySinceOf(Object.values(this.#ways).map(({ link }) => link))
  }

  send(subject: string, frame: Uint8Array): SendResult {
    if (frame.length > frameBytesMax) throw new RangeError(`a frame of ${frame.length} bytes: ${frameBytesMax} is the most`)
    return this.#ways[kindOfSubject(subject)].lane.send(subject, frame)
  }

  serve(subject: string, handler: FrameHandler): Served {
    if (this.#closed) throw new Error('the bus is closed')
    const served = this.#subjects.get(subject) ?? this.#subscribe(subject)
    const { handlers, subscription } = served
    return handlers.add(handler, (late) => {
      this.#subjects.delete(subject)
      if (late === undefined) return subscription.close()
      handlers.add(late, () => {})
      subscription.drain()
    })
  }

  onUndelivered(listener: (subject: string, frame: Uint8Array) => void): void {
    this.#listeners.push(listener)
  }

  /** Resolves when the server has taken what was sent and knows what is served; false if it did not within `ms` or a connection is down. */
  async flushed(ms: number): Promise<boolean> {
    const flushed = await Promise.all(
      Object.values(this.#ways).map(({ link, lane }) => {
        lane.flush()
        return link.flushed(ms)
      }),
    )
    return flushed.every(Boolean)
  }

  async close(): Promise<void> {
    if (this.#closed) return
    this.#closed = true
    for (const { handlers, subscription } of this.#subjects.values()) {
      handlers.close()
      subscription.close()
    }
    this.#subjects.clear()
    await this.flushed(this.#limits.closeMs)
    for (const { link } of Object.values(this.#ways)) link.close()
  }

  collect(sink: MetricSink): void {
    for (const [lane, way] of Object.entries(this.#ways)) {
      const { counts, underWayBytes } = way.lane
      const labels = { lane }
      sink.counter('sluice_bus_frames_total', 'Frames sent over NATS.', counts.frames, labels)
      sink.counter('sluice_bus_bytes_total', 'Bytes of the frames sent over NATS.', counts.bytes, labels)
      sink.counter('sluice_bus_messages_total', 'NATS messages that carried the frames.', counts.messages, labels)
      sink.counter('sluice_bus_full_total', 'Frames refused: no connection, or too much under way.', counts.full, labels)
      sink.counter('sluice_bus_lost_bytes_total', 'Bytes under way when a connection was lost.', counts.lostBytes, labels)
      sink.counter('sluice_bus_reconnects_total', 'Connections to NATS that were lost and made again.', way.link.reconnects, labels)
      sink.gauge('sluice_bus_connected', 'Whether the connection to NATS stands.', way.link.connection === undefined ? 0 : 1, labels)
      sink.gauge('sluice_bus_under_way_bytes', 'Bytes sent that NATS is not known to have taken.', underWayBytes, labels)
    }
    sink.counter('sluice_bus_undelivered_total', 'Frames of commands that nobody received.', this.#undelivered)
  }

  #subscribe(subject: string): ServedSubject {
    const handlers = new FrameHandlers(subject, this.#world.log)
    const subscription = this.#ways[kindOfSubject(subject)].link.subscribe(subject, ({ data }) => {
      if (eachFrame(data, (frame) => handlers.deliver(frame))) return
      this.#world.log.error({ subject, bytes: data.length }, 'a message of the bus cannot be read; it is lost')
    })
    const served = { handlers, subscription }
    this.#subjects.set(subject, served)
    return served
  }

  #unreceived(subject: string, message: Uint8Array): void {
    eachFrame(message, (frame) => {
      this.#undelivered++
      for (const listener of this.#listeners) listener(subject, frame)
    })
  }
}

interface Way {
  readonly link: NatsLink
  readonly lane: NatsLane
}

interface ServedSubject {
  readonly handlers: FrameHandlers
  readonly subscription: NatsSubscription
}
