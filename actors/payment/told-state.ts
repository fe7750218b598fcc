import type { Plain } from '../../protocol/msgpack-writer.ts'

/** The state in what a shard has answered about an order. */
export function stateIn(result: Plain): string | undefined {
  if (typeof result !== 'object' || result === null || !('state' in result)) return undefined
  const { state } = result
  return typeof state === 'string' ? state : undefined
}
