import type { Bus, Served } from '../cluster/bus.ts'
import { decodePlain } from '../cluster/call-codec.ts'
import type { Calls } from '../cluster/calls.ts'
import type { World } from '../cluster/world.ts'
import type { UserNotice } from '../protocol/broadcast.ts'
import type { Refusal } from '../protocol/codes.ts'
import { op } from '../protocol/entry.ts'
import { frameKind, kindOfFrame } from '../protocol/frame.ts'
import { unpackInner } from '../protocol/inner-codec.ts'
import type { UserInfo } from '../protocol/results.ts'
import { usersSubject } from '../protocol/subject.ts'
import { ReadThrough } from './catalogue/read-through.ts'

const usersMax = 50_000
/** A name and a tier. */
const infoBytes = 200

/** A session could not say. */
export class InfoRefused extends Error {
  readonly refusal: Refusal

  constructor(refusal: Refusal) {
    super(refusal.message)
    this.refusal = refusal
  }
}

/** What the shop calls its users, kept in memory until their sessions say that it has changed. */
export class UserInfos {
  readonly cache: ReadThrough<UserInfo>
  private readonly served: Served

  constructor({ calls, bus, world }: { readonly calls: Calls; readonly bus: Bus; readonly world: World }) {
    const { clock, random } = world
    const read = async (user: string): Promise<UserInfo | undefined> => {
      const answer = await calls.request<UserInfo>('ses', calls.shardOfText(user), { op: op.userInfo, user }, decodePlain)
      if (answer.error !== null) throw new InfoRefused(answer.error)
      const { displayName, tier } = answer.result
      return displayName === null && tier === null ? undefined : { displayName, tier }
    }
    this.cache = new ReadThrough({ clock, random, read, sizeOf: () => infoBytes, limits: { entriesMax: usersMax } })
    this.served = bus.serve(usersSubject, (frame) => {
      if (kindOfFrame(frame) === frameKind.userNotice) this.cache.drop(unpackInner<UserNotice>(frame.slice(2)).user)
    })
  }

  close(): void {
    this.served.close()
  }
}
