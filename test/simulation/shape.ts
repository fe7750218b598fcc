import type { SaleFileInput } from '../../protocol/sku-settings.ts'
import { simulationStart } from './scheduler.ts'
import type { SeededRandom } from './seeded-random.ts'

/** What one seed's run is made of: small everywhere, so that limits are hit and everybody meets everybody. */
export interface Shape {
  readonly actorNodes: number
  readonly gateways: number
  readonly orderWorkers: number
  /** Of each kind. */
  readonly shards: number
  readonly users: number
  readonly sale: SaleFileInput
  readonly leaseMs: number
  readonly tickMs: number
  /** ms by which a machine's wall clock is off, by machine. */
  readonly skewMs: (machine: string) => number
  readonly mailboxBytesMax: number
  /** What a process may have on its way to the hub of the bus, and from it. Beside other frames there is room for a whole view, or nobody would ever get one. */
  readonly sentBytesMax: number
  readonly keptBytesMax: number
  readonly batchEntriesMax: number
  readonly pendingMax: number
  readonly shardCallsMax: number
  readonly overloadLatencyMs: number
  readonly callDeadlineMs: number
  readonly sessionUsersMax: number
  readonly snapshotEveryBytes: number
  readonly lineFrameBudgetPerSecond: number
  readonly attachEveryMs: number
  /** How much goes wrong, from 0 for a calm run to 1. */
  readonly trouble: number
  /** The store is one whose replica may be promoted without the newest records: what it had acknowledged may be gone. */
  readonly losesRecords: boolean
  /** Users are erased while the sale runs. */
  readonly erases: boolean
  /** Prices, limits and times of the sale are changed while it runs; not where a store loses records, for then what was promised may be lost too. */
  readonly edits: boolean
  /** Parts of 1. */
  readonly habits: Habits
}

/** What users are like; shares are parts of 1. */
export interface Habits {
  readonly thinkMsMax: number
  readonly leaveShare: number
  /** Gives up a place where there is none: on a page of yesterday, or twice. */
  readonly vainLeaveShare: number
  readonly abandonShare: number
  readonly declineShare: number
  /** Gives up an order whose payment is under way. */
  readonly cancelShare: number
  readonly slowPaymentShare: number
  readonly secondDeviceShare: number
  readonly offlineShare: number
  /** Sends a request again that was answered some time ago. */
  readonly lateRepeatShare: number
  /** Users who never ask how things stand, but wait until they are told. */
  readonly patientShare: number
  readonly qtyMax: number
  /** Closes the page, and opens it again or not. */
  readonly closeShare: number
}

/** Between two machines' clocks, at most: twice this. */
export const skewMsMax = 400

export function drawShape(random: SeededRandom): Shape {
  const losesRecords = random.is(0.3)
  // Long enough that an owner is still there when its store comes back without the newest records.
  const leaseMs = losesRecords ? 3_000 : random.pick([1_000, 1_500, 3_000])
  const skews = random.fork('skews')
  const skewed = random.is(0.7)
  const users = random.between(8, 28)
  const gates = random.fork('gates')
  return {
    actorNodes: 3,
    gateways: 2,
    orderWorkers: random.between(1, 2),
    shards: random.between(2, 3),
    users,
    sale: drawSale(random.fork('sale')),
    leaseMs,
    tickMs: 100,
    skewMs: (machine) => (skewed ? skews.fork(machine).between(-skewMsMax, skewMsMax) : 0),
    mailboxBytesMax: random.pick([900, 4_096, 65_536]),
    sentBytesMax: random.pick([3_000, 20_000, 1_000_000]),
    keptBytesMax: random.pick([6_000, 20_000, 1_000_000]),
    batchEntriesMax: random.pick([2, 8, 1_024]),
    pendingMax: random.pick([6, 12, 512]),
    shardCallsMax: gates.pick([4, 8, 65_536]),
    overloadLatencyMs: gates.pick([0, 40, 250]),
    callDeadlineMs: random.pick([1_500, 3_000, 5_000]),
    sessionUsersMax: random.pick([2, 8, 64]),
    snapshotEveryBytes: random.pick([512, 2_048, 16_384]),
    lineFrameBudgetPerSecond: random.pick([40, 1_000]),
    attachEveryMs: 2_000,
    trouble: random.pick([0, 0.3, 0.6, 1, 1]),
    losesRecords,
    edits: !losesRecords && random.fork('changes').is(0.25),
    erases: random.fork('anonymity').is(0.3),
    habits: {
      thinkMsMax: random.pick([300, 1_500, 4_000]),
      leaveShare: random.pick([0.05, 0.3]),
      vainLeaveShare: random.fork('vain').pick([0, 0, 0, 0.3]),
      abandonShare: random.pick([0.05, 0.3, 0.6]),
      declineShare: random.pick([0, 0.2, 0.5]),
      slowPaymentShare: random.pick([0, 0.3, 0.7]),
      secondDeviceShare: random.pick([0, 0.3]),
      offlineShare: random.pick([0, 0.1, 0.4]),
      lateRepeatShare: random.pick([0.05, 0.3]),
      patientShare: random.pick([0, 0.5, 1]),
      qtyMax: random.pick([1, 1, 2, 3]),
      cancelShare: random.pick([0, 0.05, 0.3]),
      closeShare: random.pick([0, 0.2, 0.6]),
    },
  }
}

export const saleId = 'drop'

function drawSale(random: SeededRandom): SaleFileInput {
  const count = random.between(1, 3)
  const skus = Array.from({ length: count }, (_, index) => {
    const one = random.fork(`sku ${index}`)
    return {
      sku: `sku-${index}`,
      title: `Thing ${index}`,
      priceMinor: one.between(1, 10_000),
      stock: one.pick([1, 2, 5, 12, 40]),
      perUserMax: one.between(1, 3),
      holdTtlMs: one.pick([1_000, 2_000, 6_000]),
      paymentTtlMs: one.pick([1_000, 3_000, 8_000]),
      lineMax: one.pick([2, 6, 100]),
      usersMax: one.pick([6, 100, 1_000]),
      grantsPerSecond: one.pick([0, 0, 1, 5]),
      absenceMs: one.fork('absence').pick([0, 2_000, 4_000, 8_000]),
      ...drawDraw(one.fork('draw')),
    }
  })
  const limit = random.fork('limit')
  return {
    ...{ sale: saleId, title: 'Drop', opensAt: simulationStart + random.pick([0, 2_000, 6_000]), skus },
    ...(count > 1 && limit.is(0.5) ? { saleLimitPerUser: limit.between(1, 4) } : {}),
  }
}

/** Some lobbies are drawn at once, some wait for a beacon that comes early, in time, late, twice, at odds with another, or never. */
function drawDraw(random: SeededRandom): Pick<SaleFileInput['skus'][number], 'draw'> {
  if (!random.is(0.3)) return {}
  return { draw: random.is(0.5) ? {} : { beacon: { source: 'beacon', round: 1 }, beaconWaitMs: random.pick([1_000, 3_000]) } }
}
