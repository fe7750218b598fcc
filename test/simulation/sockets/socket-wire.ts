export type SocketData = string | Uint8Array<ArrayBuffer>

/** What travels between the two ends of a simulated WebSocket. */
export type Wire =
  | { readonly kind: 'hello'; readonly protocols: readonly string[] }
  | { readonly kind: 'welcome'; readonly protocol: string }
  | { readonly kind: 'data'; readonly data: SocketData }
  | { readonly kind: 'bye'; readonly code: number; readonly reason: string }

export type SocketState = 'opening' | 'open' | 'ended'

/** The code of a connection that ended without a word. Source: RFC 6455, section 7.1.5. */
export const abnormalCode = 1006

/** A message costs this much of the limits besides its data. */
const wireHeadBytes = 16

/** Characters pass for bytes: text is the codec of people who look on, not of the crowd. */
export function bytesOf(wire: Wire): number {
  return wireHeadBytes + (wire.kind === 'data' ? wire.data.length : 0)
}
