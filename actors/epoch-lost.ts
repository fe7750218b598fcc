import type { ShardName } from '../cluster/store.ts'

/** How an epoch ends under its owner: a newer one was opened, the store gave the lease to another, or the lease ran out unrenewed. */
export type LossCode = 'FENCED' | 'LEASE_LOST' | 'LEASE_OVER'

const texts: Readonly<Record<LossCode, string>> = {
  FENCED: 'belongs to another owner now',
  LEASE_LOST: 'was claimed by another owner',
  LEASE_OVER: 'was not renewed in time',
}

/** The shard is not this owner's any more, which is nobody's fault. */
export class EpochLost extends Error {
  readonly code: LossCode

  constructor(shard: ShardName, code: LossCode, text: string = texts[code]) {
    super(`${shard} ${text}`)
    this.code = code
  }
}
