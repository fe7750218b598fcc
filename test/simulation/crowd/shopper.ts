import { delay } from '../../../cluster/world.ts'
import { isLive } from '../../checkers/told-story.ts'
import type { SeededRandom } from '../seeded-random.ts'
import type { Habits } from '../shape.ts'
import type { Device } from './device.ts'

/** One user with one or two devices, who wants things until it is time to go. */
export class Shopper {
  readonly user: string
  readonly devices: readonly Device[]
  private readonly skus: readonly string[]
  private readonly habits: Habits
  private readonly random: SeededRandom
  private requests = 0
  private lastRequest: { readonly sku: string; readonly qty: number; readonly id: string } | undefined
  private isLeaving = false
  private hasGone = false

  constructor(parts: {
    readonly user: string
    readonly devices: readonly Device[]
    readonly skus: readonly string[]
    readonly habits: Habits
    readonly random: SeededRandom
  }) {
    this.user = parts.user
    this.devices = parts.devices
    this.skus = parts.skus
    this.habits = parts.habits
    this.random = parts.random
  }

  /** Walked away in the middle of things; the devices are off. */
  get isGone(): boolean {
    return this.hasGone
  }

  /** From now on nothing new is wished for: what comes is taken or given back at once. */
  wantNoMore(): void {
    this.isLeaving = true
  }

  /** Until everything that was wished for has ended; rejects only with a bug. */
  async shop(): Promise<void> {
    const { random, habits } = this
    while (!this.hasGone) {
      const device = random.pick(this.devices)
      if (device.process.isDead) return
      await this.think(device)
      const sku = random.pick(this.skus)
      if (this.isLeaving && !this.skus.some((one) => this.isOpen(device, one))) return
      await this.act(device, this.isLeaving ? (this.skus.find((one) => this.isOpen(device, one)) ?? sku) : sku)
      if (!this.isLeaving && random.is(habits.abandonShare / 20)) this.goAway()
    }
  }

  private isOpen(device: Device, sku: string): boolean {
    const seen = device.seen.get(sku)
    return seen !== undefined && isLive(seen)
  }

  private think(device: Device): Promise<void> {
    const most = this.isLeaving ? hurriedMs : this.habits.thinkMsMax
    return delay(device.process.world.timers, this.random.between(10, most))
  }

  private async act(device: Device, sku: string): Promise<void> {
    const { random, habits } = this
    const seen = device.seen.get(sku)
    if (seen === undefined || !isLive(seen)) {
      if (!this.isLeaving) await this.buy(device, sku)
      return
    }
    if (random.is(habits.lateRepeatShare) && this.lastRequest !== undefined && !this.isLeaving) return this.repeat(device)
    if (seen.state === 'queued') await this.wait(device, sku)
    else if (seen.state === 'held') await this.useHold(device, sku)
    else await device.claim(sku)
  }

  private async buy(device: Device, sku: string): Promise<void> {
    const { random, habits } = this
    const request = { sku, qty: random.between(1, habits.qtyMax), id: `${this.user}.${++this.requests}` }
    this.lastRequest = request
    const other = this.devices.find((one) => one !== device)
    // Two taps on two phones, with one wish or with two.
    if (other !== undefined && random.is(0.3))
      await Promise.all([
        device.buy(sku, request.qty, request.id),
        other.buy(sku, request.qty, random.is(0.5) ? request.id : `${this.user}.${++this.requests}`),
      ])
    else await device.buy(sku, request.qty, request.id)
  }

  private async repeat(device: Device): Promise<void> {
    const last = this.lastRequest
    if (last !== undefined) await device.buy(last.sku, last.qty, last.id)
  }

  private async wait(device: Device, sku: string): Promise<void> {
    const { random, habits } = this
    if (this.isLeaving || random.is(habits.leaveShare)) await device.leave(sku)
    else if (random.is(0.3)) await device.claim(sku)
  }

  private async useHold(device: Device, sku: string): Promise<void> {
    const { random, habits } = this
    if (random.is(habits.leaveShare)) {
      await device.leave(sku)
      return
    }
    if (random.is(habits.abandonShare) && !this.isLeaving) return
    const payment = random.is(habits.declineShare)
      ? 'tok_declined'
      : random.is(habits.slowPaymentShare)
        ? 'tok_slow'
        : `tok_${random.id(4)}`
    await device.checkout(sku, payment, `${this.user}.${++this.requests}`)
  }

  private goAway(): void {
    this.hasGone = true
    for (const device of this.devices) device.process.crash()
  }
}

const hurriedMs = 300
