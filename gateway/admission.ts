import type { Clock, Random, World } from '../cluster/world.ts'
import { type Code, type Refusal, refusal } from '../protocol/codes.ts'
import { AddressRanges, parseRange } from './address-ranges.ts'
import { BanTable } from './ban-table.ts'
import type { Connection } from './connection.ts'
import { FramePace } from './frame-pace.ts'
import type { GatewayCounters } from './gateway-counters.ts'
import type { Identity } from './identity.ts'
import { TokenBucket } from './token-bucket.ts'
import { TokenBuckets } from './token-buckets.ts'

export interface AdmissionLimits {
  readonly connectionsMax: number
  readonly connectionsPerAddressMax: number
  readonly handshakeRatePerSecond: number
  readonly handshakeBurst: number
  readonly addressHandshakeRatePerSecond: number
  readonly addressHandshakeBurst: number
  readonly frameRatePerSecond: number
  readonly frameBurst: number
  readonly perConnectionInFlightMax: number
  readonly addressRatePerSecond: number
  readonly addressBurst: number
  readonly userRatePerSecond: number
  readonly userBurst: number
  /** Addresses whose calls and handshakes are counted apart, and as many users. */
  readonly addressesMax: number
  /** Networks in which many people have one address, and how many times the share of an address each address of them has. */
  readonly sharedNetworks: readonly string[]
  readonly sharedNetworkTimes: number
}

const inFlightRetryMs = 100
const connectionsRetryMs = 1_000

/**
 * Who is let in, and how much of it: bans, handshakes and connections, frames per connection, calls per address and user, calls under way per connection.
 * Services are not rated. Whatever it keeps by address or user is bounded, and what is idle makes way.
 */
export class Admission {
  private limits: AdmissionLimits
  private readonly clock: Clock
  private readonly random: Random
  private readonly counters: GatewayCounters
  private readonly bans: BanTable
  private readonly sharedNetworks: AddressRanges<true>
  /** Of open connections, so no larger than there may be. */
  private readonly perAddress = new Map<string, number>()
  private handshakes: TokenBucket
  private addressHandshakes: TokenBuckets
  private addresses: TokenBuckets
  private users: TokenBuckets
  private connections = 0

  constructor(
    limits: AdmissionLimits,
    world: Pick<World, 'clock' | 'random'>,
    counters: GatewayCounters,
    bans = new BanTable(world.clock),
  ) {
    const { clock, random } = world
    const now = clock.monotonic()
    this.limits = limits
    this.clock = clock
    this.random = random
    this.counters = counters
    this.bans = bans
    const shared = limits.sharedNetworks.map(parseRange).filter((range) => range !== undefined)
    this.sharedNetworks = new AddressRanges(shared.map((range) => [range, true]))
    this.handshakes = new TokenBucket(limits.handshakeRatePerSecond, limits.handshakeBurst, now)
    this.addressHandshakes = this.bucketsOf(limits, limits.addressHandshakeRatePerSecond, limits.addressHandshakeBurst)
    this.addresses = this.bucketsOf(limits, limits.addressRatePerSecond, limits.addressBurst)
    this.users = this.bucketsOf(limits, limits.userRatePerSecond, limits.userBurst)
  }

  /** Goes by other limits from now on. Of a rate that is another one everybody's count begins anew; connections that are there stay. */
  use(changed: Partial<AdmissionLimits>): void {
    const now = this.clock.monotonic()
    const former = this.limits
    const limits = { ...former, ...changed }
    this.limits = limits
    const isOther = (rate: keyof AdmissionLimits, burst: keyof AdmissionLimits) =>
      limits[rate] !== former[rate] || limits[burst] !== former[burst]
    if (isOther('handshakeRatePerSecond', 'handshakeBurst'))
      this.handshakes = new TokenBucket(limits.handshakeRatePerSecond, limits.handshakeBurst, now)
    if (isOther('addressHandshakeRatePerSecond', 'addressHandshakeBurst'))
      this.addressHandshakes = this.bucketsOf(limits, limits.addressHandshakeRatePerSecond, limits.addressHandshakeBurst)
    if (isOther('addressRatePerSecond', 'addressBurst'))
      this.addresses = this.bucketsOf(limits, limits.addressRatePerSecond, limits.addressBurst)
    if (isOther('userRatePerSecond', 'userBurst')) this.users = this.bucketsOf(limits, limits.userRatePerSecond, limits.userBurst)
  }

  /** Why this address may not make another connection; undefined counts it in, and {@link disconnected} counts it out. Before anything is known of who it is. */
  refusesConnection(address: string, mayBeBanned = true): Refusal | undefined {
    return (mayBeBanned ? this.refusesAddress(address) : undefined) ?? this.refusesHandshake(address) ?? this.refusesCount(address)
  }

  disconnected(address: string): void {
    this.connections--
    const count = (this.perAddress.get(address) ?? 1) - 1
    if (count === 0) this.perAddress.delete(address)
    else this.perAddress.set(address, count)
  }

  /** Why whoever comes from this address is kept out. */
  refusesAddress(address: string): Refusal | undefined {
    return this.banned(this.bans.hasAddress(address))
  }

  /** Why whoever has shown this identity is kept out. */
  refusesIdentity(identity: Identity): Refusal | undefined {
    return identity.role === 'user' ? this.banned(this.bans.hasUser(identity.user)) : undefined
  }

  /** How often a connection may send. */
  framePace(): FramePace {
    return new FramePace(this.limits.frameRatePerSecond, this.limits.frameBurst, this.clock.monotonic())
  }

  /** Why the next call of this connection is refused, or undefined. */
  refuses(connection: Connection): { readonly code: Code; readonly retryAfterMs: number } | undefined {
    const { layers, passed } = this.counters
    if (connection.inFlight >= this.limits.perConnectionInFlightMax) {
      layers.inFlight++
      return { code: 'BUSY', retryAfterMs: inFlightRetryMs }
    }
    passed.inFlight++
    const { identity } = connection
    if (identity.role === 'backend' || identity.role === 'operator') return undefined
    const now = this.clock.monotonic()
    if (!this.addresses.take(connection.address, now, this.isShared)) {
      layers.address++
      return { code: 'RATE_LIMITED', retryAfterMs: this.addresses.waitMs }
    }
    passed.address++
    if (identity.role !== 'user') return undefined
    if (!this.users.take(identity.user, now)) {
      layers.user++
      return { code: 'RATE_LIMITED', retryAfterMs: this.users.waitMs }
    }
    passed.user++
    return undefined
  }

  private banned(isBanned: boolean): Refusal | undefined {
    if (isBanned) {
      this.counters.layers.bans++
      return bannedRefusal
    }
    this.counters.passed.bans++
    return undefined
  }

  /** The address's own share first: whoever has used that up takes nothing from the others. */
  private refusesHandshake(address: string): Refusal | undefined {
    const { layers, passed } = this.counters
    const now = this.clock.monotonic()
    if (!this.addressHandshakes.take(address, now, this.isShared)) {
      layers.addressHandshakes++
      return refusal('RATE_LIMITED', tooManyHandshakes, this.addressHandshakes.waitMs)
    }
    passed.addressHandshakes++
    if (this.handshakes.take(1, now) === 0) {
      layers.handshakes++
      return refusal('RATE_LIMITED', tooManyHandshakes, this.handshakes.waitMs())
    }
    passed.handshakes++
    return undefined
  }

  private refusesCount(address: string): Refusal | undefined {
    const { layers, passed } = this.counters
    const count = this.perAddress.get(address) ?? 0
    const most = this.limits.connectionsPerAddressMax
    // Which network it is in takes longer to find out than to count, and matters to few.
    if (count >= most && count >= most * (this.isShared(address) ? this.limits.sharedNetworkTimes : 1)) {
      layers.addressConnections++
      return refusal('BUSY', tooManyConnections, connectionsRetryMs)
    }
    passed.addressConnections++
    if (this.connections >= this.limits.connectionsMax) {
      layers.connections++
      return refusal('BUSY', tooManyConnections, connectionsRetryMs)
    }
    passed.connections++
    this.connections++
    this.perAddress.set(address, count + 1)
    return undefined
  }

  private bucketsOf(
    { addressesMax: keysMax, sharedNetworkTimes: largerTimes }: AdmissionLimits,
    ratePerSecond: number,
    burst: number,
  ): TokenBuckets {
    return new TokenBuckets({ ratePerSecond, burst, keysMax, largerTimes }, Math.floor(this.random.next() * 2 ** 32))
  }

  private readonly isShared = (address: string): boolean => this.sharedNetworks.find(address, () => true) === true
}

export const bannedRefusal = refusal('FORBIDDEN', 'You are banned.')
const tooManyHandshakes = 'Too many new connections; wait before the next one.'
const tooManyConnections = 'Too many connections.'
