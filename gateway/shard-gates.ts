import type { Calls } from '../cluster/calls.ts'
import type { MetricSink, MetricSource } from '../cluster/metrics.ts'
import type { Timer, World } from '../cluster/world.ts'
import { codeTable } from '../protocol/codes.ts'
import { measureMs } from './concurrency-limit.ts'
import type { GatewayCounters } from './gateway-counters.ts'
import { type CallEnd, ShardGate } from './shard-gate.ts'

export interface OverloadSettings {
  /** Calls of this gateway that wait for one inventory shard, at most. */
  readonly shardCallsMax: number
  /** A shard of which every call takes longer for a while is overloaded; 0: there are no gates. */
  readonly overloadLatencyMs: number
}

export interface ShardGatesParts {
  readonly shards: number
  readonly calls: Pick<Calls, 'limits'>
  readonly settings: OverloadSettings
  readonly counters: GatewayCounters
  readonly world: World
}

/** Who makes a call. Newcomers are refused first; who holds something when all others are; operators never, for they can end an overload. */
export type Rank = 'newcomer' | 'holder' | 'operator'

/**
 * The gates before the inventory shards, the last layer of the funnel that knows shards apart. A call first asks whether it is refused, which changes nothing, and is counted in under its row of the
 * pending table when it has been sent; when the row ends it is counted out.
 */
export class ShardGates implements MetricSource {
  private readonly parts: ShardGatesParts
  private settings: OverloadSettings
  private gates: readonly ShardGate[]
  /** By row of the pending table: the shard's number and one more, negative for who holds something; 0 for calls that passed no gate. */
  private gateOf: Int16Array
  private timer: Timer | undefined

  constructor(parts: ShardGatesParts) {
    this.parts = parts
    this.settings = parts.settings
    this.gates = gatesOf(parts, this.settings)
    this.gateOf = rowsOf(parts, this.settings)
  }

  /** Goes by other settings from now on: the gates learn anew, and calls that are under way count no more. */
  use(changed: Partial<OverloadSettings>): void {
    const { shardCallsMax, overloadLatencyMs } = this.settings
    const next = { ...this.settings, ...changed }
    if (next.shardCallsMax === shardCallsMax && next.overloadLatencyMs === overloadLatencyMs) return
    for (const gate of this.gates) gate.close()
    this.settings = next
    this.gates = gatesOf(this.parts, next)
    this.gateOf = rowsOf(this.parts, next)
  }

  start(): void {
    const { clock, timers } = this.parts.world
    this.timer = timers.every(measureMs, () => {
      if (this.gates.length === 0) return
      this.countPassed()
      const now = clock.monotonic()
      for (const gate of this.gates) gate.look(now)
    })
  }

  /** Whether newcomers get to this shard without a further look at who they are. */
  takesNewcomers(shard: number): boolean {
    return this.gates[shard]?.takesNewcomers !== false
  }

  /** In how many ms a call that is refused should come again; undefined lets it go on. */
  refuses(shard: number, rank: Rank): number | undefined {
    const gate = this.gates[shard]
    if (gate === undefined || rank === 'operator') return undefined
    const isHolder = rank === 'holder'
    const layer = gate.refuses(isHolder)
    if (layer === undefined) return undefined
    this.parts.counters.layers[layer]++
    return gate.retryAfterMs(layer, isHolder)
  }

  /** The call was let through, and has been sent under this row; -1 if there was none for it. */
  began(shard: number, row: number, rank: Rank): void {
    const gate = this.gates[shard]
    if (gate === undefined) return
    this.parts.counters.passed.overload++
    if (row < 0) return
    const isHolder = rank !== 'newcomer'
    this.gateOf[row] = isHolder ? -shard - 1 : shard + 1
    gate.begin(row, isHolder)
  }

  /** The call of this row has ended with this code by its number; 0 is a result. */
  ended(row: number, code: number): void {
    const gate = this.gateOf[row]
    if (gate === undefined || gate === 0) return
    this.gateOf[row] = 0
    const how: CallEnd = code === busy ? 'busy' : code === timeout ? 'timed out' : 'answered'
    this.gates[Math.abs(gate) - 1]?.end(row, gate < 0, how)
  }

  /** Calls that passed a gate and have not ended. */
  get underWay(): number {
    return this.gates.reduce((sum, gate) => sum + gate.underWay, 0)
  }

  /** Shards that get fewer calls at present. */
  get overloaded(): number {
    return this.gates.filter(({ isOverloaded }) => isOverloaded).length
  }

  /** How often shards were found overloaded. */
  get overloads(): number {
    return this.gates.reduce((sum, gate) => sum + gate.overloads, 0)
  }

  /** The breaker has let through what came to the limit behind it. */
  private countPassed(): void {
    const { layers, passed } = this.parts.counters
    passed.breaker = passed.overload + layers.overload
  }

  collect(sink: MetricSink): void {
    const count = (of: (gate: ShardGate) => boolean): number => this.gates.filter(of).length
    sink.gauge('sluice_shards_overloaded', 'Shards of which this gateway takes fewer calls, for they answer too slowly', this.overloaded)
    sink.counter('sluice_shard_overloads_total', 'Times that a shard was found overloaded', this.overloads)
    sink.gauge(
      'sluice_shards_shut',
      'Shards that answered nobody, and get one call now and then',
      count((gate) => gate.isShut),
    )
    if (this.gates.length > 0)
      sink.gauge(
        'sluice_shard_calls_least',
        'Calls at a time that the most loaded shard gets of this gateway',
        Math.min(...this.gates.map(({ calls }) => calls)),
      )
  }

  close(): void {
    this.timer?.cancel()
    for (const gate of this.gates) gate.close()
  }
}

function gatesOf(
  { shards, calls, world }: ShardGatesParts,
  { shardCallsMax: callsMax, overloadLatencyMs: overloadMs }: OverloadSettings,
): readonly ShardGate[] {
  const limits = { callsMax, overloadMs, callDeadlineMs: calls.limits.callDeadlineMs }
  return Array.from(
    { length: overloadMs > 0 ? shards : 0 },
    (_, shard) =>
      new ShardGate(world, limits, (state) =>
        world.log.warn({ shard, state }, 'the circuit breaker before a shard has changed: it answers nobody, or does so again'),
      ),
  )
}

function rowsOf({ calls }: ShardGatesParts, { overloadLatencyMs }: OverloadSettings): Int16Array {
  return new Int16Array(overloadLatencyMs > 0 ? calls.limits.pendingMax : 0)
}

const busy = codeTable.BUSY.number
const timeout = codeTable.TIMEOUT.number
