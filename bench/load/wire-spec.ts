import { type CallMix, mixWire } from './call-mix.ts'
import { httpWire } from './http-wire.ts'
import { type PostgresAccess, postgresWire } from './postgres-wire.ts'
import { redisWire } from './redis-wire.ts'
import { numberMark } from './request-ring.ts'
import { rpcWire } from './rpc-wire.ts'
import { webSocketWire } from './web-socket-wire.ts'
import type { Wire } from './wire.ts'

/** How a server is spoken to, as plain data: a thread is told so, where functions could not go. */
export type WireSpec =
  | { readonly protocol: 'rpc'; readonly sku: string; readonly key: string | undefined }
  | { readonly protocol: 'ws'; readonly sku: string; readonly hostHeader: string; readonly key: string }
  | { readonly protocol: 'http'; readonly sku: string; readonly hostHeader: string; readonly userHeader: string }
  | { readonly protocol: 'mix'; readonly mix: CallMix; readonly key: string }
  | { readonly protocol: 'redis'; readonly scriptHash: string; readonly keys: readonly string[] }
  | { readonly protocol: 'postgres'; readonly access: PostgresAccess }

/** `run` tells the users of this load from those of others. */
export function wireOf(spec: WireSpec, run: string): Wire {
  switch (spec.protocol) {
    case 'rpc':
      return rpcWire({ sku: spec.sku, run }, spec.key)
    case 'ws':
      return webSocketWire({ sku: spec.sku, run }, spec.hostHeader, spec.key)
    case 'http':
      return httpWire({ sku: spec.sku, run }, spec.hostHeader, spec.userHeader)
    case 'mix':
      return mixWire(spec.mix, run, spec.key)
    case 'redis':
      return redisWire(run, spec.scriptHash, spec.keys)
    case 'postgres':
      return postgresWire(run, spec.access)
  }
}

/** One call of one user, on all connections again and again: without the marks where each call's number would go. */
export function repeatedWire(wire: Wire): Wire {
  const text = Buffer.from(wire.template(0).bytes).toString('latin1')
  const bytes = Buffer.from(text.replaceAll(numberMark, '0'.repeat(numberMark.length)), 'latin1')
  return { ...wire, template: () => ({ bytes }) }
}
