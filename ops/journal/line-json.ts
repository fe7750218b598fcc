import type { JournalLine } from './journal-lines.ts'
import { positionText } from './positions.ts'

/** A line for programs: where and when it stands, whom it concerns, and the event's own fields. Bytes are hex, times ms since 1970; secrets are left out. */
export function lineJson({ shard, position, now, event, sku, users, moves }: JournalLine): string {
  const fields = Object.fromEntries(
    Object.entries(event).flatMap(([name, value]: readonly [string, unknown]) =>
      name === 'kind' || name === 'index' || name === 'user' ? [] : [[name, plain(name, value)]],
    ),
  )
  const claims = moves.map(({ user, claim, from = null, to }) => ({ user, claim, from, to }))
  const { kind } = event
  return JSON.stringify({ shard, at: positionText(position), now, kind, ...(sku === '' ? {} : { sku }), users, ...fields, claims })
}

/** Of a draw's settings only what was published: in journals of former versions the seed lies open. */
function plain(name: string, value: unknown): unknown {
  if (value instanceof Uint8Array) return Buffer.from(value).toString('hex')
  if (name !== 'settings' || typeof value !== 'object' || value === null) return value
  return Object.fromEntries(Object.entries(value).filter(([key]) => key !== 'draw'))
}
