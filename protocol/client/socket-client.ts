import { msgpackSubprotocol } from '../envelope.ts'
import { ClientCore, type ClientSettings, limitsOf } from './client-core.ts'
import type { Cancel } from './client-world.ts'
import type { ClientState } from './connection-keeper.ts'
import type { ClientEventName, ClientEvents } from './events.ts'
import { globalSocketConstructor, globalWorld } from './global-world.ts'
import { type PublicCalls, publicCalls } from './public-calls.ts'
import { SocketConnection, type SocketConstructor, type Subprotocol } from './socket-connection.ts'
import { type UserCalls, userCalls } from './user-calls.ts'

export interface SocketClientConfig extends ClientSettings {
  /** For example `wss://shop.example/v1/ws`. */
  readonly url: string
  /** The user's token, or what fetches one: called before every connect, so that a long wait in the line outlives a short token. */
  readonly token?: string | (() => string | Promise<string>)
  /** The platform's own if absent. Node before 22 has none: pass the one of the package `ws`. */
  readonly WebSocket?: SocketConstructor
  /** `sluice.msgpack.v1` if absent; `sluice.json.v1` can be read in a browser's network panel. */
  readonly subprotocol?: Subprotocol
}

/** One user's client over a WebSocket. */
export interface SocketClient extends PublicCalls, UserCalls {
  readonly state: ClientState
  on<N extends ClientEventName>(name: N, handler: (event: ClientEvents[N]) => void): Cancel
  /** Ends the connection, and every call that has no answer yet with `UNAVAILABLE`. */
  close(): void
}

const pendingMax = 1_000

/** Makes a client, which connects at once and stays connected until it is closed. Throws only for a config that can never work. */
export function connectSocket(config: SocketClientConfig): SocketClient {
  const world = config.world ?? globalWorld()
  const Socket = config.WebSocket ?? globalSocketConstructor()
  if (Socket === undefined) throw new TypeError('this platform has no WebSocket of its own: pass one as `WebSocket`')
  if (!/^wss?:$/.test(new URL(config.url).protocol)) throw new TypeError(`the url begins with ws:// or wss://, not ${config.url}`)
  const { token } = config
  const address = {
    url: config.url,
    subprotocol: config.subprotocol ?? msgpackSubprotocol,
    Socket,
    token: token === undefined ? undefined : async () => (typeof token === 'string' ? token : token()),
  }
  const core = new ClientCore({
    world,
    dial: (handlers) => new SocketConnection(address, handlers),
    limits: limitsOf(config, pendingMax),
    resumes: true,
    renews: typeof token === 'function',
  })
  return {
    ...publicCalls(core, core.watches),
    ...userCalls(world, core),
    get state() {
      return core.state
    },
    on: (name, handler) => core.events.on(name, handler),
    close: () => core.close(),
  }
}
