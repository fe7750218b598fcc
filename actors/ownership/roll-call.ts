import type { Member, Members } from '../../cluster/members.ts'
import { placeShard } from '../../cluster/placement.ts'
import type { ShardName } from '../../cluster/store.ts'
import type { World } from '../../cluster/world.ts'
import type { OwnershipCounters } from './ownership-counters.ts'
import type { OwnershipLimits } from './ownership-limits.ts'

export interface RollCallParts {
  readonly members: Members
  readonly world: World
  readonly node: string
  readonly limits: Pick<OwnershipLimits, 'memberMs'>
  readonly counters: OwnershipCounters
}

/** Says that this node is there, and knows from the answer which member should own a shard. */
export class RollCall {
  private readonly parts: RollCallParts
  private present: readonly Member[] = []
  /** Members that cannot do what they should, by shard: they said so. Whoever goes is forgotten. */
  private readonly declined = new Map<ShardName, Set<string>>()
  private underWay: { readonly state: Member['state']; readonly known: Promise<boolean> } | undefined

  constructor(parts: RollCallParts) {
    this.parts = parts
  }

  /** One beat at a time, however slow. True if it is known anew who is there; never rejects. */
  beat(state: Member['state']): Promise<boolean> {
    const { underWay } = this
    if (underWay !== undefined) return underWay.state === state ? underWay.known : underWay.known.then(() => this.beat(state))
    const known = this.ask(state).finally(() => {
      this.underWay = undefined
    })
    this.underWay = { state, known }
    return known
  }

  /** Who should own the shard, as of the last beat; `without` is not asked. */
  ownerOf(shard: ShardName, without?: string): string | undefined {
    const declined = this.declined.get(shard)
    if (declined === undefined && without === undefined) return placeShard(shard, this.present)
    return placeShard(
      shard,
      this.present.filter(({ name }) => name !== without && declined?.has(name) !== true),
    )
  }

  /** The member has said that it cannot own the shard. One that is not known says it again. */
  declines(shard: ShardName, member: string): void {
    if (!this.present.some(({ name }) => name === member)) return
    const declined = this.declined.get(shard)
    if (declined === undefined) this.declined.set(shard, new Set([member]))
    else declined.add(member)
  }

  private async ask(state: Member['state']): Promise<boolean> {
    const { members, world, node, limits, counters } = this.parts
    const askedAt = world.clock.monotonic()
    try {
      const present = await members.beat({ name: node, state }, limits.memberMs)
      // Who was there so long ago may have gone since.
      if (world.clock.monotonic() - askedAt >= limits.memberMs) return false
      this.present = present
      this.forgetGone()
      return true
    } catch (error) {
      counters.beatFailures++
      world.log.warn({ error: String(error) }, 'the members could not be asked; this node goes on with the shards that it has')
      return false
    }
  }

  private forgetGone(): void {
    if (this.declined.size === 0) return
    const names = new Set(this.present.map(({ name }) => name))
    for (const [shard, members] of this.declined) {
      for (const member of members) if (!names.has(member)) members.delete(member)
      if (members.size === 0) this.declined.delete(shard)
    }
  }
}
