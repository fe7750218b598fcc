import { delay, type World } from '../../../cluster/world.ts'
import { SluiceError } from '../../../protocol/client/index.ts'
import type { OperatorCalls } from '../../../protocol/client/operator-calls.ts'
import type { SaleFileInput } from '../../../protocol/sku-settings.ts'
import type { SeededRandom } from '../seeded-random.ts'

const againMs = 200
/** Of the draws that wait for a beacon some never get one. */
const neverShare = 0.2
const twiceShare = 0.5
/** Somebody else has read another value, and brings it at the same time or afterwards. */
const rivalShare = 0.6

/** Hears what becomes of the values that operators bring. */
export interface BeaconWitness {
  beaconTaken(sku: string, value: string): void
  /** The draw has gone on, with another value or with none. */
  beaconRefused(sku: string, value: string): void
}

export interface BeaconBringerParts {
  readonly world: World
  readonly calls: Pick<OperatorCalls, 'drawBeacon'>
  readonly sale: SaleFileInput
  readonly random: SeededRandom
  readonly witness: BeaconWitness
}

/** Brings the values of planned beacons as people do: too early, in time, too late, never, twice, or two of them at odds. */
export class BeaconBringer {
  private readonly parts: BeaconBringerParts

  constructor(parts: BeaconBringerParts) {
    this.parts = parts
  }

  /** For at most so long. */
  async bring(forMs: number): Promise<void> {
    const { sale, random, world } = this.parts
    const untilMs = world.clock.monotonic() + forMs
    await Promise.all(
      sale.skus.flatMap(({ sku, draw }) => {
        const round = draw?.beacon?.round
        return round === undefined ? [] : [this.bringOne(sku, round, random.fork(sku), untilMs)]
      }),
    )
  }

  private async bringOne(sku: string, round: number, random: SeededRandom, untilMs: number): Promise<void> {
    const { timers } = this.parts.world
    const [value, rival] = [valueOf(random), valueOf(random)]
    if (random.is(neverShare)) return
    await delay(timers, random.pick([0, 3_000, 9_000]) + random.between(0, 2_000))
    const deeds = [this.insist(sku, round, value, untilMs)]
    if (random.is(rivalShare)) deeds.push(this.later(random.pick([0, 0, 500, 3_000]), () => this.insist(sku, round, rival, untilMs)))
    if (random.is(twiceShare)) deeds.push(this.later(random.between(0, 3_000), () => this.insist(sku, round, value, untilMs)))
    await Promise.all(deeds)
  }

  private async later(ms: number, deed: () => Promise<void>): Promise<void> {
    await delay(this.parts.world.timers, ms)
    await deed()
  }

  /** Until it is taken, or refused for good. */
  private async insist(sku: string, round: number, value: string, untilMs: number): Promise<void> {
    const { world, calls, witness } = this.parts
    while (world.clock.monotonic() < untilMs) {
      try {
        await calls.drawBeacon(sku, round, value)
        return witness.beaconTaken(sku, value)
      } catch (error) {
        if (!(error instanceof SluiceError)) throw error
        if (error.code === 'FORBIDDEN') return witness.beaconRefused(sku, value)
        world.log.info({ sku, code: error.code }, 'the beacon is brought again')
        await delay(world.timers, againMs)
      }
    }
  }
}

function valueOf(random: SeededRandom): string {
  return random.between(0x1000_0000, 0x7fff_ffff).toString(16)
}
