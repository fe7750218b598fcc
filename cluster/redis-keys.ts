import { partsOfName, type Position, type ShardName } from './store.ts'

/**
 * The names of what is kept in Redis. All keys of a shard carry its hash tag, so that one script may touch them:
 *
 *     {inv:17}:state      hash: epoch, last, owner, open, head, records; of the snapshot: snapshot, now, name, chunks
 *     {inv:17}:lease      the owner's name, gone when the lease has run out
 *     {inv:17}:log        stream: the records that are not trimmed, id <epoch>-<seq>
 *     {inv:17}:snapshot:<name>:<index>      a snapshot's chunks
 *     {inv:17}:archive    list: names of what was trimmed, oldest first
 *     {inv:17}:archive:<name>               trimmed records
 *     {ses:3}:record:<key>                  a cold record
 */
export interface ShardKeys {
  readonly state: string
  readonly lease: string
  readonly log: string
  readonly archive: string
  readonly snapshotPrefix: string
  readonly archivePrefix: string
  readonly recordPrefix: string
}

export const formatKey = 'sluice:format'
/** Hash: what the processes of a cluster have agreed on. */
export const clusterKey = 'sluice:cluster'
export const membersKey = 'sluice:members'
/** The bucket that gateways share: hash of its tokens, and hash of its holders. */
export const admissionKey = 'sluice:admission'
export const admissionHoldersKey = 'sluice:admission:holders'
/** Hash: a small record that processes share, with its version. */
export function sharedRecordKey(name: string): string {
  return `sluice:record:${name}`
}
/** Of a table that processes share: hash of its rows, sorted sets of what changed when and of what is removed, hash of its state. */
export interface SharedTableKeys {
  readonly rows: string
  readonly changed: string
  readonly gone: string
  readonly state: string
}

export function sharedTableKeys(name: string): SharedTableKeys {
  const key = `sluice:table:${name}`
  return { rows: key, changed: `${key}:changed`, gone: `${key}:gone`, state: `${key}:state` }
}
/** Written where a write is needed to ask the replicas for. */
export const markKey = 'sluice:mark'

export function shardKeys(name: ShardName): ShardKeys {
  const { kind, shard } = partsOfName(name)
  const tag = `{${kind}:${shard}}`
  return {
    state: `${tag}:state`,
    lease: `${tag}:lease`,
    log: `${tag}:log`,
    archive: `${tag}:archive`,
    snapshotPrefix: `${tag}:snapshot:`,
    archivePrefix: `${tag}:archive:`,
    recordPrefix: `${tag}:record:`,
  }
}

/** The id of a record in its stream. Redis orders ids as we order positions. */
export function idOf({ epoch, seq }: Position): string {
  return `${epoch}-${seq}`
}

export function positionOf(id: string): Position {
  const [epoch = '', seq = ''] = id.split('-')
  const position = { epoch: Number(epoch), seq: Number(seq) }
  if (!Number.isSafeInteger(position.epoch) || !Number.isSafeInteger(position.seq)) throw new Error(`${id} is no id of a record`)
  return position
}
