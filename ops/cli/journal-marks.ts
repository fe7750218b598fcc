import { z } from 'zod'
import type { ShardName } from '../../cluster/store.ts'
import { parseSkuId, parseUserId } from '../../protocol/ids.ts'
import { type Mark, parsePosition, shardsText } from '../journal/positions.ts'
import { CommandFault } from './command-fault.ts'

/** A record as `journal read` names it, or a time with its offset. */
export function parseMark(option: string, text: string): Mark {
  const position = parsePosition(text)
  if (position !== undefined) return { kind: 'record', position }
  const time = z.iso.datetime({ offset: true }).safeParse(text)
  if (time.success) return { kind: 'time', at: Date.parse(time.data) }
  throw new CommandFault(
    `${option}: ${JSON.stringify(text)} must be a record, such as 1-17, or an ISO 8601 time with its offset, such as 2026-01-31T10:00:00Z`,
  )
}

export function parseSku(text: string): string {
  if (parseSkuId(text) === undefined)
    throw new CommandFault(`${JSON.stringify(text)} can be no SKU: 1 to 48 letters, digits, dots, dashes or underscores`)
  return text
}

export function parseUser(text: string): string {
  if (parseUserId(text) === undefined)
    throw new CommandFault(`${JSON.stringify(text)} can be no user: 1 to 64 bytes without control characters`)
  return text
}

export function parseShard(text: string, shards: readonly ShardName[]): ShardName {
  const found = shards.find((shard) => shard === text)
  if (found === undefined) throw new CommandFault(`there is no shard ${JSON.stringify(text)}: the journal has ${shardsText(shards)}`)
  return found
}
