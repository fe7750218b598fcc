import { delay, type Timer, type World } from '../../cluster/world.ts'
import { connectSocket, type SocketClient, type SocketConstructor } from '../../protocol/client/index.ts'
import { type CrowdHabits, pickHabit } from './habit.ts'
import { type Outcome, RushCounts, type Stage } from './rush-counts.ts'
import type { RushMeters } from './rush-meters.ts'
import { type EndReason, Shopper } from './shopper.ts'

export interface CrowdSettings {
  readonly users: number
  /** For example `ws://127.0.0.1:7080/v1/ws`. */
  readonly url: string
  /** Each shopper wants one of these, by chance. */
  readonly skus: readonly string[]
  readonly habits: CrowdHabits
  /** Time over which they come. */
  readonly arriveWithinMs: number
  /** Open at a time at most; who comes later waits until somebody has gone. */
  readonly socketsMax: number
}

export interface CrowdParts {
  readonly world: World
  readonly meters: RushMeters
  /** By shopper's number, so that a crowd comes from many addresses. */
  readonly socket: (number: number) => SocketConstructor
  readonly token: (user: string) => Promise<Ticket>
}

/** Who a shopper is to the server. */
export interface Ticket {
  readonly user: string
  readonly token: string
}

/** What one shopper was told. */
export interface Visit {
  readonly user: string
  readonly sku: string
  readonly outcome: Outcome
  /** Times its place in line rose (G6). */
  readonly rises: number
}

/** Handshakes under way at a time: enough to keep a server busy, few enough that none of them times out. */
const arrivingMax = 200
/** Long: a crowd is where a server is slow, and a call without an answer is a finding. */
const callDeadlineMs = 60_000
const farewellMs = 3_000
const crowdNameLength = 6
/** Counted beside the protocol's codes. */
const noTicket = 'NO_TOKEN'

/** Thousands of shoppers, each with a connection of its own. */
export class Crowd {
  readonly counts: RushCounts
  readonly visits: Visit[] = []
  private readonly settings: CrowdSettings
  private readonly parts: CrowdParts
  private readonly name: string
  private readonly inside = new Map<Shopper, SocketClient>()
  private arriving = 0
  private present = 0
  private ending: EndReason | undefined
  private closing: Timer | undefined
  private wake: () => void = () => {}

  constructor(settings: CrowdSettings, parts: CrowdParts) {
    this.settings = settings
    this.parts = parts
    this.name = parts.world.random.id(crowdNameLength)
    this.counts = new RushCounts(settings.users)
  }

  /** Lets everyone in and resolves when the last one is done. */
  async run(): Promise<void> {
    const { users, arriveWithinMs } = this.settings
    const { clock, timers } = this.parts.world
    const beganAt = clock.monotonic()
    const visits: Promise<void>[] = []
    for (let number = 0; number < users && this.ending === undefined; number++) {
      const tooEarlyMs = beganAt + (number / users) * arriveWithinMs - clock.monotonic()
      if (tooEarlyMs > 0) await delay(timers, tooEarlyMs)
      await this.waitFor(() => this.arriving < arrivingMax && this.present < this.settings.socketsMax)
      if (this.ending === undefined) visits.push(this.visit(number))
    }
    await Promise.all(visits)
    this.closing?.cancel()
  }

  /** Sends everyone home; what has no answer soon after stays without. */
  end(reason: EndReason): void {
    if (this.ending !== undefined) return
    this.ending = reason
    this.wake()
    for (const shopper of this.inside.keys()) shopper.end(reason)
    this.closing = this.parts.world.timers.after(farewellMs, () => {
      for (const client of this.inside.values()) client.close()
    })
  }

  private async visit(number: number): Promise<void> {
    const { world, meters } = this.parts
    const { skus, habits } = this.settings
    const sku = skus[Math.floor(world.random.next() * skus.length)]
    if (sku === undefined) throw new Error('a crowd needs something to buy')
    let stage: Stage = 'arriving'
    this.counts.move('outside', stage)
    this.arriving++
    this.present++
    const user = `crowd-${this.name}-${number}`
    const ticket = await this.ticketOf(user)
    if (ticket === undefined) {
      this.arriving--
      this.done(stage, { user, sku, outcome: 'unanswered', rises: 0 })
      return
    }
    const client = this.connect(number, ticket)
    const shopper = new Shopper({
      client,
      sku,
      habit: pickHabit(habits, world.random),
      world,
      meters,
      onStage: (next) => {
        this.counts.move(stage, next)
        stage = next
      },
    })
    this.inside.set(shopper, client)
    if (this.ending !== undefined) shopper.end(this.ending)
    this.releaseWhenOpen(client)
    const outcome = await shopper.shop()
    client.close()
    this.inside.delete(shopper)
    this.done(stage, { user: ticket.user, sku, outcome, rises: shopper.claim.rises })
  }

  private done(stage: Stage, visit: Visit): void {
    this.present--
    this.counts.end(stage, visit.outcome)
    this.visits.push(visit)
    this.wake()
  }

  private async ticketOf(user: string): Promise<Ticket | undefined> {
    try {
      return await this.parts.token(user)
    } catch (error) {
      this.parts.meters.refused(noTicket)
      this.parts.world.log.warn({ error }, 'a shopper was given no token')
      return undefined
    }
  }

  private connect(number: number, ticket: Ticket): SocketClient {
    return connectSocket({
      url: this.settings.url,
      token: ticket.token,
      WebSocket: this.parts.socket(number),
      deadlineMs: callDeadlineMs,
    })
  }

  /** The next may come when this one is in, or has gone without getting in. */
  private releaseWhenOpen(client: SocketClient): void {
    const cancel = client.on('state', ({ kind }) => {
      if (kind !== 'open' && kind !== 'closed') return
      cancel()
      this.arriving--
      this.wake()
    })
  }

  private async waitFor(isTrue: () => boolean): Promise<void> {
    while (!isTrue() && this.ending === undefined) {
      await new Promise<void>((resolve) => {
        this.wake = resolve
      })
    }
  }
}
