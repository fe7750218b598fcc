import type { WireSpec } from '../load/wire-spec.ts'

export const transports = ['rpc', 'ws', 'http'] as const
export type Transport = (typeof transports)[number]

/** How a connection says for whom it calls. */
export interface SluiceIdentity {
  /** Of a service or an operator. */
  readonly key: string | undefined
  readonly userHeader: string
}

export function sluiceWire(transport: Transport, sku: string, hostHeader: string, { key, userHeader }: SluiceIdentity): WireSpec {
  switch (transport) {
    case 'rpc':
      return { protocol: 'rpc', sku, key }
    case 'ws':
      return { protocol: 'ws', sku, hostHeader, key: key ?? '' }
    case 'http':
      return { protocol: 'http', sku, hostHeader, userHeader }
  }
}
