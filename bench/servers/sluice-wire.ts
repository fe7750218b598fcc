import { httpWire } from '../load/http-wire.ts'
import { type BuyParts, rpcWire } from '../load/rpc-wire.ts'
import { webSocketWire } from '../load/web-socket-wire.ts'
import type { Wire } from '../load/wire.ts'

export const transports = ['rpc', 'ws', 'http'] as const
export type Transport = (typeof transports)[number]

/** How a connection says for whom it calls. */
export interface SluiceIdentity {
  /** Of a service or an operator. */
  readonly key: string | undefined
  readonly userHeader: string
}

export function sluiceWire(transport: Transport, buy: BuyParts, hostHeader: string, { key, userHeader }: SluiceIdentity): Wire {
  switch (transport) {
    case 'rpc':
      return rpcWire(buy, key)
    case 'ws':
      return webSocketWire(buy, hostHeader, key ?? '')
    case 'http':
      return httpWire(buy, hostHeader, userHeader)
  }
}
