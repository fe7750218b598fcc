import type { Bus, Served } from '../cluster/bus.ts'
import { decodePlain } from '../cluster/call-codec.ts'
import type { Calls } from '../cluster/calls.ts'
import type { MetricSink } from '../cluster/metrics.ts'
import type { World } from '../cluster/world.ts'
import type { UserNotice } from '../protocol/broadcast.ts'
import { type Refusal, refusal } from '../protocol/codes.ts'
import { op } from '../protocol/entry.ts'
import { frameKind, kindOfFrame } from '../protocol/frame.ts'
import type { UserId } from '../protocol/ids.ts'
import { unpackInner } from '../protocol/inner-codec.ts'
import type { UserInfo } from '../protocol/results.ts'
import { usersSubject } from '../protocol/subject.ts'
import { ReadThrough } from './read-through.ts'

/** A word of a change may be lost, as all that is broadcast; then it is told as it was until the next refresh. */
const limits = { bytesMax: 16 * 1024 * 1024, entriesMax: 50_000 }
const busyRetryMs = 500

/** A session could not say. */
export class InfoRefused extends Error {
  readonly refusal: Refusal

  constructor(why: Refusal) {
    super(why.message)
    this.refusal = why
  }
}

/** What the shop calls its users, kept in memory until their sessions say that it has changed. */
export class UserInfos {
  private readonly cache: ReadThrough<UserInfo>
  private readonly served: Served

  constructor({ calls, bus, world }: { readonly calls: Calls; readonly bus: Bus; readonly world: World }) {
    const read = async (user: string): Promise<UserInfo | undefined> => {
      const answer = await calls.request<UserInfo>('ses', calls.shardOfText(user), { op: op.userInfo, user }, decodePlain)
      if (answer.error !== null) throw new InfoRefused(answer.error)
      const { displayName, tier } = answer.result
      return displayName === null && tier === null ? undefined : { displayName, tier }
    }
    this.cache = new ReadThrough({ read, sizeOf, clock: world.clock, random: world.random, limits })
    this.served = bus.serve(usersSubject, (frame) => {
      if (kindOfFrame(frame) === frameKind.userNotice) this.changed(unpackInner<UserNotice>(frame.slice(2)).user)
    })
  }

  /** Undefined if the shop has said nothing of the user. Rejects with {@link InfoRefused}. */
  async get(user: UserId): Promise<UserInfo | undefined> {
    const info = await this.cache.get(user)
    if (info === 'busy') throw new InfoRefused(refusal('BUSY', 'Too many users are looked up.', busyRetryMs))
    return info
  }

  /** Whoever has changed it and asks here again must not be told what was before: word of the change comes by another way. */
  changed(user: UserId): void {
    this.cache.drop(user)
  }

  collect(sink: MetricSink): void {
    const { hits, misses, refreshes } = this.cache.counts
    sink.counter('sluice_user_info_hits_total', 'Questions for the info of a user that memory answered', hits)
    sink.counter(
      'sluice_user_info_reads_total',
      'Questions for the info of a user that its session was asked, or is being asked',
      misses + refreshes,
    )
  }

  close(): void {
    this.served.close()
  }
}

function sizeOf({ displayName, tier }: UserInfo): number {
  return 2 * ((displayName?.length ?? 0) + (tier?.length ?? 0))
}
