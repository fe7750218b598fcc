import { msgpackSubprotocol } from '../../protocol/envelope.ts'
import { ProtocolFault } from './answer-reader.ts'
import { type BuyParts, buyRequest } from './rpc-wire.ts'
import { binaryFrame, clientFrameHeadBytes, WebSocketAnswers } from './web-socket-answers.ts'
import type { Greeting, Wire } from './wire.ts'

/** `buy` by WebSocket with a service's key, so that every call names another user and one connection stands for many. */
export function webSocketWire(buy: BuyParts, host: string, key: string): Wire {
  return {
    greeting: upgrade(host, key),
    template: (connection) => {
      const { bytes, msgidAt = 0 } = buyRequest(buy, connection)
      return { bytes: binaryFrame(bytes), msgidAt: clientFrameHeadBytes + msgidAt }
    },
    answers: () => new WebSocketAnswers(),
  }
}

/** The handshake of RFC 6455, section 4.1. The nonce only has to be there: the reply's digest of it guards against caches, not servers. */
function upgrade(host: string, key: string): Greeting {
  const lines = [
    'GET /v1/ws HTTP/1.1',
    `Host: ${host}`,
    'Connection: Upgrade',
    'Upgrade: websocket',
    'Sec-WebSocket-Version: 13',
    'Sec-WebSocket-Key: c2x1aWNlLWJlbmNoLWxvYQ==',
    `Sec-WebSocket-Protocol: ${msgpackSubprotocol}`,
    `Authorization: Bearer ${key}`,
    '',
    '',
  ]
  return { bytes: Buffer.from(lines.join('\r\n')), replyLength: upgradeReplyLength }
}

function upgradeReplyLength(received: Buffer): number | undefined {
  const end = received.indexOf('\r\n\r\n')
  if (end < 0) return undefined
  const status = received.toString('latin1', 0, received.indexOf('\r\n'))
  if (!status.includes(' 101')) throw new ProtocolFault(`the server refused the WebSocket: ${status}`)
  return end + 4
}
