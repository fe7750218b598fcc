import type { World } from '../../cluster/world.ts'
import { type SocketClient, SluiceError } from '../../protocol/client/index.ts'
import type { Code } from '../../protocol/codes.ts'
import type { ClaimState } from '../../protocol/results.ts'
import type { Habit } from './habit.ts'
import type { Outcome, Stage } from './rush-counts.ts'
import type { RushMeters } from './rush-meters.ts'
import { ToldClaim } from './told-claim.ts'

export interface ShopperParts {
  readonly client: SocketClient
  readonly sku: string
  readonly habit: Habit
  readonly world: World
  readonly meters: RushMeters
  /** Told whenever the shopper comes to another stage. */
  readonly onStage: (stage: Stage) => void
}

/** Why a rush ends before its shoppers are done. */
export type EndReason = 'time is over' | 'stopped'

/** People do not all press in the same millisecond when a sale opens. */
const pressWithinMs = 1_500
/** What a refusal for the moment says of the time to wait is followed up to here, so that a paused sale is looked at again. */
const patienceMsMax = 30_000
/** A hold whose end was not told this long after its deadline is an answer that is owed. */
const tellWithinMs = 5_000
const farewellMs = 2_000

const momentary: ReadonlySet<Code> = new Set(['NOT_OPEN', 'PAUSED', 'LINE_FULL'])

/** One person: connects, buys, waits in line, checks out or not, and remembers what the server said. */
export class Shopper {
  readonly claim = new ToldClaim()
  private readonly parts: ShopperParts
  private wake: () => void = () => {}
  private ending: EndReason | undefined
  private stage: Stage = 'arriving'
  private readonly cameAt: number
  private soughtAt = 0

  constructor(parts: ShopperParts) {
    this.parts = parts
    this.cameAt = parts.world.clock.monotonic()
    this.listen()
  }

  /** The whole visit. Never rejects; ends early after {@link end}. The client is left open. */
  async shop(): Promise<Outcome> {
    const { client, meters, world } = this.parts
    if (!(await this.until(() => client.state.kind === 'open'))) return this.cutShort()
    meters.time('connect', world.clock.monotonic() - this.cameAt)
    const refused = await this.buy()
    return refused ?? this.afterBuying()
  }

  /** Asks the shopper to come to an end: a place or a hold is given back. */
  end(reason: EndReason): void {
    this.ending ??= reason
    this.wake()
  }

  private listen(): void {
    const { client, sku, meters } = this.parts
    const take = (claim: ClaimState) => {
      this.claim.take(claim)
      this.wake()
    }
    let isOpen = false
    client.on('state', (state) => {
      if (isOpen && state.kind === 'waiting') meters.connectionsLost++
      isOpen = state.kind === 'open'
      this.wake()
    })
    client.on('line', (place) => {
      if (place.sku === sku) this.claim.takePlace(place)
    })
    client.on('held', (held) => {
      if (held.sku === sku) take({ state: 'held', hold: held.hold, qty: held.qty, expiresAt: held.expiresAt })
    })
    client.on('expired', (event) => {
      if (event.sku === sku) take({ state: 'expired' })
    })
    client.on('soldout', (event) => {
      if (event.sku === sku) take({ state: 'soldout' })
    })
    client.on('order', (order) => {
      if (order.sku === sku) take(order)
    })
    client.on('resumed', ({ claims }) => {
      for (const claim of claims) if (claim.sku === sku) take(claim)
    })
  }

  /** Buys as soon as the sale lets people in. The outcome if it ended there, undefined with a claim. */
  private async buy(): Promise<Outcome | undefined> {
    const { client, sku, world } = this.parts
    for (;;) {
      this.soughtAt = world.clock.monotonic()
      const answer = await this.ask('buy', client.buy(sku))
      if (!(answer instanceof SluiceError)) {
        this.claim.take(answer)
        return undefined
      }
      if (answer.code === 'SOLD_OUT') return 'soldout'
      if (!momentary.has(answer.code)) return answer.retriable ? this.unanswered() : 'refused'
      this.enter('early')
      const waitMs = Math.min(answer.retryAfterMs ?? 0, patienceMsMax) + world.random.next() * pressWithinMs
      if (!(await this.pause(waitMs))) return this.cutShort()
    }
  }

  /** From the claim to its end. */
  private async afterBuying(): Promise<Outcome> {
    const { habit } = this.parts
    if (this.claim.now.state === 'lobby') {
      this.enter('early')
      if (!(await this.until(() => this.claim.now.state !== 'lobby'))) return this.cutShort()
    }
    if (this.claim.now.state === 'queued') {
      this.enter('queued')
      const moved = await this.until(() => this.claim.now.state !== 'queued', habit.patienceMs)
      if (!moved) return this.ending === undefined ? this.leave() : this.cutShort()
    }
    if (this.claim.now.state === 'held') return this.decideOnHold()
    return (await this.until(() => outcomeOf(this.claim.now) !== undefined)) ? this.told() : this.cutShort()
  }

  private async decideOnHold(): Promise<Outcome> {
    const { habit, client, sku, meters, world } = this.parts
    meters.time('hold', world.clock.monotonic() - this.soughtAt)
    this.enter('held')
    if (habit.plan === 'lapse') {
      if (!(await this.until(() => this.claim.now.state !== 'held'))) return this.cutShort()
      return this.told()
    }
    if (!(await this.pause(habit.thinkMs))) return this.cutShort()
    if (this.claim.now.state !== 'held') return this.told()
    if (habit.plan === 'leave') return this.leave()
    this.enter('paying')
    const askedAt = world.clock.monotonic()
    const order = await this.ask('checkout', client.checkout(sku, habit.payment))
    if (order instanceof SluiceError) {
      if (order.code === 'HOLD_EXPIRED' || order.code === 'NO_HOLD') return 'lapsed'
      return order.retriable ? this.unanswered() : 'refused'
    }
    this.claim.take(order)
    if (!(await this.until(() => outcomeOf(this.claim.now) !== undefined))) return this.cutShort()
    meters.time('payment', world.clock.monotonic() - askedAt)
    return this.told()
  }

  /** `leave` is also answered when there is nothing left to leave, so what became of the claim is asked for: its end may have come first. */
  private async leave(): Promise<Outcome> {
    const { client, sku } = this.parts
    const answer = await this.ask('leave', client.leave(sku))
    const claim = answer instanceof SluiceError ? answer : await this.ask('claim', client.claim(sku))
    if (claim instanceof SluiceError) return claim.retriable ? this.unanswered() : 'refused'
    return outcomeOf(claim) ?? (claim.state === 'none' ? 'left' : this.unanswered())
  }

  /** The rush ends first. Whoever has something gives it back, so that it does not stand in the way of others. */
  private async cutShort(): Promise<Outcome> {
    const { client, sku, world } = this.parts
    const claim = this.claim.now
    const isOwed = this.stage === 'arriving' || this.stage === 'paying' || isOverdue(claim, world.clock.now())
    if (claim.state === 'queued' || claim.state === 'held') await this.ask('leave', client.leave(sku, { deadlineMs: farewellMs }))
    return isOwed ? this.unanswered() : 'unfinished'
  }

  /** An answer that is still to come is nobody's fault when somebody stopped the rush. */
  private unanswered(): Outcome {
    return this.ending === 'stopped' ? 'unfinished' : 'unanswered'
  }

  private told(): Outcome {
    return outcomeOf(this.claim.now) ?? this.unanswered()
  }

  private async ask<T>(what: 'buy' | 'checkout' | 'leave' | 'claim', call: Promise<T>): Promise<T | SluiceError> {
    const { meters, world } = this.parts
    const askedAt = world.clock.monotonic()
    try {
      return await call
    } catch (error) {
      if (!(error instanceof SluiceError)) throw error
      meters.refused(error.code)
      return error
    } finally {
      if (what === 'buy') meters.time('buy', world.clock.monotonic() - askedAt)
    }
  }

  private enter(stage: Stage): void {
    this.stage = stage
    this.parts.onStage(stage)
  }

  /** Waits for something to become true. False if the rush ends, or `withinMs` pass, before. */
  private async until(isTrue: () => boolean, withinMs = Number.POSITIVE_INFINITY): Promise<boolean> {
    const wait = { isLate: false }
    const late = (): void => {
      wait.isLate = true
      this.wake()
    }
    const timer = withinMs === Number.POSITIVE_INFINITY ? undefined : this.parts.world.timers.after(withinMs, late)
    while (!isTrue() && !wait.isLate && this.ending === undefined) {
      await new Promise<void>((resolve) => {
        this.wake = resolve
      })
    }
    timer?.cancel()
    return isTrue()
  }

  /** False if the rush ends first. */
  private async pause(ms: number): Promise<boolean> {
    await this.until(() => false, ms)
    return this.ending === undefined
  }
}

function isOverdue(claim: ClaimState, now: number): boolean {
  return claim.state === 'held' && claim.expiresAt + tellWithinMs < now
}

/** How the visit ended, if what is told of the claim is its end. */
function outcomeOf(claim: ClaimState): Outcome | undefined {
  switch (claim.state) {
    case 'paid':
      return 'bought'
    case 'declined':
    case 'cancelled':
      return 'declined'
    case 'refunded':
    case 'unrefunded':
      return 'refunded'
    case 'soldout':
      return claim.state
    case 'expired':
      return 'lapsed'
    case 'none':
    case 'lobby':
    case 'queued':
    case 'held':
    case 'pending':
    case 'overdue':
    case 'refunding':
      return undefined
  }
}
