import type { Clock } from '../cluster/world.ts'
import type { Ban } from '../protocol/ban.ts'
import { hashText } from '../protocol/hash.ts'
import { AddressRanges, parseRange } from './address-ranges.ts'

/** Bans by whom they keep out. A ban whose time is over keeps out nobody, though it may still be listed. */
export class BanTable {
  private readonly clock: Clock
  private bans: readonly Ban[] = []
  private users = new Map<string, Ban>()
  /** Hot calls name their user in bytes. */
  private usersByHash = new Map<number, readonly Ban[]>()
  private ranges = new AddressRanges<Ban>([])

  constructor(clock: Clock) {
    this.clock = clock
  }

  get all(): readonly Ban[] {
    return this.bans
  }

  /** Without them no call needs a look. */
  get hasUsers(): boolean {
    return this.users.size > 0
  }

  replace(bans: readonly Ban[]): void {
    this.bans = bans
    const users = bans.filter((ban) => ban.kind === 'user')
    this.users = new Map(users.map((ban) => [ban.target, ban]))
    this.usersByHash = new Map()
    for (const ban of users) {
      const hash = hashText(ban.target)
      this.usersByHash.set(hash, [...(this.usersByHash.get(hash) ?? []), ban])
    }
    this.ranges = new AddressRanges(
      bans.flatMap((ban) => {
        const range = ban.kind === 'range' ? parseRange(ban.target) : undefined
        return range === undefined ? [] : [[range, ban] as const]
      }),
    )
  }

  hasUser(user: string): boolean {
    const ban = this.users.get(user)
    return ban !== undefined && this.stands(ban)
  }

  /** The user whose id stands in `bytes[from, to)`. */
  hasScanned(hash: number, bytes: Uint8Array, from: number, to: number): boolean {
    const sameHash = this.usersByHash.get(hash)
    if (sameHash === undefined) return false
    const user = utf8.decode(bytes.subarray(from, to))
    return sameHash.some((ban) => ban.target === user && this.stands(ban))
  }

  /** `address` as `limitedAs` gives it. */
  hasAddress(address: string): boolean {
    return this.ranges.size > 0 && this.ranges.find(address, (ban) => this.stands(ban)) !== undefined
  }

  stands({ until }: Ban): boolean {
    return until === null || until > this.clock.now()
  }
}

const utf8 = new TextDecoder()
