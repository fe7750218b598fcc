import type { LinkName, SluiceName } from '../links/links.ts'
import { bottleneckOf, inOneThread, type LinkRate } from './bottleneck.ts'
import type { Climb } from './climb.ts'
import type { KneePoint } from './knee-bed.ts'
import type { KneeOptions } from './knee-options.ts'

/** The outcome of a climb, as `--json` prints it. */
export interface KneeResult {
  readonly peer: SluiceName
  readonly transport: string
  readonly link?: LinkName
  readonly durability?: string
  /** What was slowed on purpose. */
  readonly slowed?: Readonly<Record<string, number>>
  readonly seconds: number
  readonly repeats: number
  readonly byThreads: readonly KneePoint[]
  readonly byConnections: readonly KneePoint[]
  readonly knee: KneePoint & { readonly capacity: number; readonly isReached: boolean }
  /** Of the whole chain: what each link does alone, with as many calls under way as at the end. */
  readonly links?: readonly LinkRate[]
  readonly bottleneck?: Bottleneck
}

export interface Bottleneck {
  /** The narrowest link; more than one cannot be told apart. */
  readonly links: readonly string[]
  /** Links of one process share its thread: what they would do together, from what each does alone. */
  readonly inOneThread?: number
  /** The process that used most of a core where throughput was highest, and how much. */
  readonly busiest?: { readonly process: string; readonly cores: number }
  /** All processes and the generator together, likewise. */
  readonly coresInUse: number
  readonly coresOfMachine: number
}

/** The links of an embedded node that its one thread does; what its store does goes on beside it. */
const oneThread: readonly string[] = ['gateway', 'bus', 'actor']

export function resultOf(options: KneeOptions, climbed: Climb, links: readonly LinkRate[], coresOfMachine: number): KneeResult {
  const { peer, link, bed } = options
  const { byThreads, byConnections, knee } = climbed
  const { slowStore, slowBus } = bed.run.slowing ?? {}
  const slowed = {
    ...(slowStore === undefined ? {} : { store: slowStore.perSecond }),
    ...(slowBus === undefined ? {} : { bus: slowBus.perSecond }),
  }
  return {
    peer,
    transport: link === undefined || link === 'gateway' ? bed.transport : link,
    ...(link === undefined ? {} : { link }),
    ...(link === undefined || link === 'store' ? { durability: bed.run.durability } : {}),
    ...(Object.keys(slowed).length === 0 ? {} : { slowed }),
    seconds: bed.run.seconds,
    repeats: bed.repeats,
    byThreads,
    byConnections,
    knee: { ...knee.point, capacity: Math.round(knee.capacity), isReached: knee.isReached },
    ...(links.length === 0 ? {} : { links, bottleneck: verdictOf(peer, links, byConnections, coresOfMachine) }),
  }
}

function verdictOf(peer: SluiceName, links: readonly LinkRate[], points: readonly KneePoint[], coresOfMachine: number): Bottleneck {
  // Beyond it calls are refused, which is other work.
  const [busy] = points.toSorted((a, b) => b.callsPerSecond - a.callsPerSecond)
  const cores = busy?.cores ?? {}
  const [busiest] = Object.entries(cores)
    .filter(([name]) => name !== 'load')
    .toSorted(([, a], [, b]) => b - a)
  const shared = links.filter(({ name }) => oneThread.includes(name))
  return {
    links: bottleneckOf(links).map(({ name }) => name),
    ...(peer === 'sluice' ? { inOneThread: Math.round(inOneThread(shared)) } : {}),
    ...(busiest === undefined ? {} : { busiest: { process: busiest[0], cores: busiest[1] } }),
    coresInUse: Math.round(Object.values(cores).reduce((sum, one) => sum + one, 0) * 100) / 100,
    coresOfMachine,
  }
}
