import type { PendingCall } from '../../checkers/final-check.ts'
import type { Listener } from '../../checkers/freshness-check.ts'
import type { Hubs } from '../hubs.ts'
import type { Judge } from '../judge.ts'
import { simulationStart } from '../scheduler.ts'
import type { SeededRandom } from '../seeded-random.ts'
import type { Shape } from '../shape.ts'
import { SimDevice } from '../sim-device.ts'
import type { SimParts } from '../sim-parts.ts'
import { SimProcess } from '../sim-process.ts'
import { Device } from './device.ts'
import { SimOperator } from './operator.ts'
import { Shopper } from './shopper.ts'

const closeEveryMs = 2_000
const closedMsMax = 16_000
const offlineEveryMs = 4_000
const offlineMsMax = 12_000

/** Everybody outside: the operator, and the users with their devices. */
export class Crowd {
  readonly shoppers: readonly Shopper[]
  readonly operator: SimOperator
  private readonly parts: SimParts
  private readonly hubs: Hubs
  private readonly shape: Shape
  private readonly random: SeededRandom
  private readonly pages: SeededRandom
  private busy = 0
  private isOver = false

  constructor(parts: SimParts, hubs: Hubs, shape: Shape, judge: Judge) {
    this.parts = parts
    this.hubs = hubs
    this.shape = shape
    this.random = parts.random.fork('crowd')
    this.pages = parts.random.fork('pages')
    this.operator = new SimOperator({
      device: this.device('oper', 0),
      sockets: hubs.sockets,
      sale: shape.sale,
      random: parts.random.fork('operator'),
      reached: parts.reached,
      witness: judge,
      paidOrders: () => this.shoppers.flatMap(({ devices }) => devices.flatMap(({ paid }) => [...paid])),
    })
    const skus = shape.sale.skus.map((sku) => sku.sku)
    this.shoppers = Array.from({ length: shape.users }, (_, index) => {
      const user = `u${index + 1}`
      const count = this.random.is(shape.habits.secondDeviceShare) ? 2 : 1
      if (count > 1) parts.reached.count('two devices of a user')
      const devices = Array.from({ length: count }, (_unused, number) => {
        const device = this.device(`${user}${'ab'[number] ?? ''}`, index + 1)
        judge.enrol({ device: device.process.name, user })
        return new Device({
          device,
          user,
          sockets: hubs.sockets,
          witness: judge,
          deadlineMs: callDeadlineMs,
          now: () => parts.scheduler.now - simulationStart,
        })
      })
      return new Shopper({ user, devices, skus, habits: shape.habits, random: parts.random.fork(`shopper ${user}`) })
    })
  }

  /** Nobody has anything under way that is still to be answered. */
  get isQuiet(): boolean {
    return this.pending().next().done === true
  }

  /** What each device that listens was last told. */
  *listeners(): Generator<Listener> {
    for (const { devices } of this.shoppers) {
      for (const { who, seen, process, device, listensSince } of devices) {
        if (process.isDead) continue
        const connectedSince = this.hubs.sockets.isConnected(device) ? listensSince : undefined
        for (const { sku } of this.shape.sale.skus)
          yield { who: `${who.device} ${sku}`, user: who.user, sku, told: seen.get(sku), connectedSince }
      }
    }
  }

  /** Calls that never came to anything. */
  *pending(): Generator<PendingCall> {
    if (this.busy > 0) yield { who: 'somebody', what: `${this.busy} visits` }
    for (const { devices } of this.shoppers)
      for (const { who, underWay, process } of devices)
        if (!process.isDead && underWay > 0) yield { who: who.device, what: `${underWay} calls` }
  }

  begin(forMs: number): void {
    this.watch(this.operate(forMs))
    for (const shopper of this.shoppers) this.watch(shopper.shop())
    this.sendOffline()
    this.closePages()
  }

  /** The operator hears that it is sold out. */
  wantMore(sku: string): void {
    this.watch(this.operator.restockSoon(sku))
  }

  end(): void {
    this.isOver = true
    for (const shopper of this.shoppers) shopper.wantNoMore()
  }

  private async operate(forMs: number): Promise<void> {
    await this.operator.create()
    const { erases, edits } = this.shape
    const erasing = erases
      ? this.operator.erase(
          this.shoppers.map(({ user }) => user),
          forMs,
        )
      : undefined
    await Promise.all([
      this.operator.disturb(forMs),
      this.operator.bringBeacons(forMs),
      erasing,
      edits ? this.operator.edit(forMs) : undefined,
    ])
  }

  private watch(work: Promise<void>): void {
    this.busy++
    work.then(
      () => void this.busy--,
      (error: unknown) => {
        throw error
      },
    )
  }

  private sendOffline(): void {
    const { random, shape, hubs } = this
    if (shape.habits.offlineShare === 0) return
    this.parts.scheduler.after(random.between(100, offlineEveryMs), () => {
      if (this.isOver) return
      const { device } = random.pick(random.pick(this.shoppers).devices)
      if (!device.process.isDead && random.is(shape.habits.offlineShare)) hubs.sockets.goOffline(device, random.between(50, offlineMsMax))
      this.sendOffline()
    })
  }

  /** Somebody closes the page, on all devices at once, and comes back soon, late, or so that it just matters. */
  private closePages(): void {
    const { pages, shape, parts } = this
    if (shape.habits.closeShare === 0) return
    parts.scheduler.after(pages.between(100, closeEveryMs), () => {
      if (this.isOver) return
      this.closePages()
      const { devices } = pages.pick(this.shoppers)
      const open = devices.filter(({ process, isClosed }) => !process.isDead && !isClosed)
      if (open.length === 0 || !pages.is(shape.habits.closeShare)) return
      parts.reached.count('tab closed')
      for (const device of open) device.closePage()
      parts.scheduler.after(pages.between(200, closedMsMax), () => {
        for (const device of open) if (!device.process.isDead) device.openPage()
      })
    })
  }

  private device(name: string, number: number): SimDevice {
    const { scheduler, trace, random } = this.parts
    const process = new SimProcess({ scheduler, trace, random: random.fork(`device ${name}`), name, skewMs: 0 })
    return new SimDevice(scheduler, process, `10.0.0.${number}`)
  }
}

const callDeadlineMs = 10_000
