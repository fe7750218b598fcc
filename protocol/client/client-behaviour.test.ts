import { parseUserId } from '../ids.ts'
import type { Plain } from '../msgpack-writer.ts'
import { describeClients, type ServerUnderTest } from './client-behaviour.ts'
import { type Peer, type Request, serveSockets, serveTcp } from './loopback-server.ts'
import { Refused, ToyShop } from './toy-shop.ts'

/** Methods that are about no user, so that no user comes first in their params. */
const publicMethods = new Set(['ping', 'sale.list', 'sale.get', 'sku.get', 'watch', 'unwatch'])

async function startToyServer(): Promise<ServerUnderTest> {
  const users = new Map<Peer, string>()
  const shop = new ToyShop((user, event, param) => {
    for (const [peer, name] of users) if (user === '' || user === name) peer.notify(event, param)
  })
  const answer = (peer: Peer, request: Request, work: () => Plain) => {
    try {
      peer.result(request.msgid, work())
    } catch (error) {
      const code = error instanceof Refused ? error.code : 'MALFORMED'
      peer.refuse(request.msgid, { code, message: String(error) })
    }
    // Payments end a little later than their checkout is answered.
    if (request.method === 'checkout') setImmediate(() => shop.settle())
  }
  const rpc = await serveTcp((peer, request) => {
    const { method, params } = request
    answer(peer, request, () => {
      const operated = shop.operate(method, params)
      if (operated !== undefined) return operated
      return publicMethods.has(method) ? shop.call('', method, params) : shop.call(parseUserId(params[0]) ?? '', method, params.slice(1))
    })
  })
  const sockets = await serveSockets((peer, request) => {
    users.set(peer, peer.token ?? '')
    answer(peer, request, () => shop.call(peer.token ?? '', request.method, request.params))
  })
  return {
    rpcUrl: rpc.url,
    socketUrl: sockets.url,
    tokenOf: async (user) => user,
    async stop() {
      await rpc.stop()
      await sockets.stop()
    },
  }
}

describeClients(startToyServer)
