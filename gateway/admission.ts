import type { Clock } from '../cluster/world.ts'
import type { Code } from '../protocol/codes.ts'
import type { Connection } from './connection.ts'
import type { GatewayCounters } from './gateway-counters.ts'
import { TokenBuckets } from './token-bucket.ts'

export interface AdmissionLimits {
  readonly connectionsMax: number
  readonly connectionsPerAddressMax: number
  readonly perConnectionInFlightMax: number
  readonly addressRatePerSecond: number
  readonly addressBurst: number
  readonly userRatePerSecond: number
  readonly userBurst: number
}

/** Buckets that are kept at most, for addresses and for users each. */
const bucketsMax = 1_000_000
const inFlightRetryMs = 100

/** Who is let in, and how much of it: connections per address, calls per address and user, calls under way per connection. Services are not rated. */
export class Admission {
  private readonly limits: AdmissionLimits
  private readonly clock: Clock
  private readonly counters: GatewayCounters
  private readonly perAddress = new Map<string, number>()
  private readonly addresses: TokenBuckets
  private readonly users: TokenBuckets
  private connections = 0

  constructor(limits: AdmissionLimits, clock: Clock, counters: GatewayCounters) {
    this.limits = limits
    this.clock = clock
    this.counters = counters
    this.addresses = new TokenBuckets(limits.addressRatePerSecond, limits.addressBurst, bucketsMax, clock.monotonic())
    this.users = new TokenBuckets(limits.userRatePerSecond, limits.userBurst, bucketsMax, clock.monotonic())
  }

  /** Counts a new connection in, unless a limit is full; {@link disconnected} counts it out. */
  connected(address: string): boolean {
    const count = this.perAddress.get(address) ?? 0
    if (this.connections >= this.limits.connectionsMax || count >= this.limits.connectionsPerAddressMax) {
      this.counters.layers.connections++
      return false
    }
    this.connections++
    this.perAddress.set(address, count + 1)
    return true
  }

  disconnected(address: string): void {
    this.connections--
    const count = (this.perAddress.get(address) ?? 1) - 1
    if (count === 0) this.perAddress.delete(address)
    else this.perAddress.set(address, count)
  }

  /** Why the next call of this connection is refused, or undefined. */
  refuses(connection: Connection): { readonly code: Code; readonly retryAfterMs: number } | undefined {
    if (connection.inFlight >= this.limits.perConnectionInFlightMax) {
      this.counters.layers.inFlight++
      return { code: 'BUSY', retryAfterMs: inFlightRetryMs }
    }
    const { identity } = connection
    if (identity.role === 'backend' || identity.role === 'operator') return undefined
    const now = this.clock.monotonic()
    const address = this.addresses.of(connection.address, now)
    if (address.take(1, now) === 0) {
      this.counters.layers.address++
      return { code: 'RATE_LIMITED', retryAfterMs: address.waitMs() }
    }
    if (identity.role !== 'user') return undefined
    const user = this.users.of(identity.user, now)
    if (user.take(1, now) > 0) return undefined
    this.counters.layers.user++
    return { code: 'RATE_LIMITED', retryAfterMs: user.waitMs() }
  }

  sweep(): void {
    const now = this.clock.monotonic()
    this.addresses.sweep(now)
    this.users.sweep(now)
  }
}
