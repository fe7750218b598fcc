import { delay } from '../../../cluster/world.ts'
import type { Code } from '../../../protocol/codes.ts'
import type { ClaimState } from '../../../protocol/results.ts'
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
  private readonly isPatient: boolean
  private requests = 0
  /** Calls that were answered, the latest last, to be made again like copies that come late. */
  private readonly answered: Call[] = []
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
    this.isPatient = parts.random.is(parts.habits.patientShare)
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
      if (device.isClosed) continue
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
    const { random, habits, answered } = this
    if (!this.isLeaving && answered.length > 0 && random.is(habits.lateRepeatShare)) {
      await random.pick(answered)(device)
      return
    }
    const seen = device.seen.get(sku)
    if (seen?.state === 'lobby' && random.is(habits.leaveShare / 2)) await this.leave(device, sku)
    else if (this.leavesInVain(seen)) await this.leave(device, sku)
    else if (seen === undefined || !isLive(seen)) {
      if (!this.isLeaving) await this.buy(device, sku)
    } else if (seen.state === 'queued') await this.wait(device, sku)
    else if (seen.state === 'held') await this.useHold(device, sku)
    else if (seen.state === 'pending' && random.is(habits.cancelShare)) await device.cancel(sku)
    else if (!this.isPatient) await device.claim(sku)
  }

  private leavesInVain(seen: ClaimState | undefined): boolean {
    const { random, habits, isLeaving } = this
    return seen === undefined && !isLeaving && habits.vainLeaveShare > 0 && random.is(habits.vainLeaveShare)
  }

  private async buy(device: Device, sku: string): Promise<void> {
    const { random, habits } = this
    const qty = random.between(1, habits.qtyMax)
    const id = this.nextId()
    const other = this.devices.find((one) => one !== device)
    // Two taps on two phones, with one wish or with two.
    if (other !== undefined && random.is(0.3)) {
      const otherId = random.is(0.5) ? id : this.nextId()
      await Promise.all([this.call(device, (on) => on.buy(sku, qty, id)), this.call(other, (on) => on.buy(sku, qty, otherId))])
    } else await this.call(device, (on) => on.buy(sku, qty, id))
  }

  private async wait(device: Device, sku: string): Promise<void> {
    const { random, habits, isPatient } = this
    if (this.isLeaving ? !isPatient : random.is(habits.leaveShare)) await this.leave(device, sku)
    else if (random.is(0.3) && !isPatient) await device.claim(sku)
  }

  private async leave(device: Device, sku: string): Promise<void> {
    const id = this.nextId()
    await this.call(device, (on) => on.leave(sku, id))
  }

  private async call(device: Device, call: Call): Promise<void> {
    const refused = await call(device)
    if (refused !== undefined) return
    this.answered.push(call)
    if (this.answered.length > answeredMax) this.answered.shift()
  }

  private nextId(): string {
    return `${this.user}.${++this.requests}`
  }

  private async useHold(device: Device, sku: string): Promise<void> {
    const { random, habits } = this
    if (random.is(habits.leaveShare)) {
      await this.leave(device, sku)
      return
    }
    if (random.is(habits.abandonShare) && !this.isLeaving) return
    const payment = random.is(habits.declineShare)
      ? 'tok_declined'
      : random.is(habits.slowPaymentShare)
        ? 'tok_slow'
        : `tok_${random.id(4)}`
    const id = this.nextId()
    await this.call(device, (on) => on.checkout(sku, payment, id))
  }

  private goAway(): void {
    this.hasGone = true
    for (const device of this.devices) device.process.crash()
  }
}

/** The same call, on whichever device: its request id stays. Resolves with the code of a refusal. */
type Call = (device: Device) => Promise<Code | undefined>

const hurriedMs = 300
const answeredMax = 4
