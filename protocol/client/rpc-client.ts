import type { Plain } from '../msgpack-writer.ts'
import { ClientCore, type ClientSettings, limitsOf } from './client-core.ts'
import type { Cancel } from './client-world.ts'
import type { ClientState } from './connection-keeper.ts'
import type { ClientEventName, ClientEvents } from './events.ts'
import { globalWorld } from './global-world.ts'
import { type OperatorCalls, operatorCalls } from './operator-calls.ts'
import { type PublicCalls, publicCalls } from './public-calls.ts'
import { type TcpAddress, TcpConnection } from './tcp-connection.ts'
import { type CallOptions, requestOptions } from './typed-call.ts'
import { type UserCalls, userCalls } from './user-calls.ts'

export { SluiceError } from './sluice-error.ts'
export type { ClientEventName, ClientEvents, ClientState, OperatorCalls, PublicCalls, UserCalls }

export interface RpcClientConfig extends ClientSettings {
  /** For example `tcp://127.0.0.1:7082`, or `tls://shop.example:7082`; with commas between several gateways, which are tried in turn from any of them on. */
  readonly url: string
  /** A service's or operator's key. A server on loopback may run without. */
  readonly key?: string
}

/** A service's client over msgpack-RPC on TCP: acts for any user, and for the operator if its key may. */
export interface RpcClient extends PublicCalls, OperatorCalls {
  readonly state: ClientState
  /** The methods of one user. Cheap: make one per call if that is simpler. */
  as(user: string): PublicCalls & UserCalls
  /** Any method. Repeated after an unknown outcome only if `repeat` says that this does no harm. */
  call(method: string, params: readonly Plain[], options?: CallOptions & { readonly repeat?: boolean }): Promise<Plain>
  on<N extends ClientEventName>(name: N, handler: (event: ClientEvents[N]) => void): Cancel
  /** Ends the connection, and every call that has no answer yet with `UNAVAILABLE`. */
  close(): void
}

const pendingMax = 20_000

/** Makes a client, which connects at once and stays connected until it is closed. Throws only for a config that can never work. */
export function connectRpc(config: RpcClientConfig): RpcClient {
  const [first, ...others] = config.url.split(',').map((url) => addressOf(url, config.key))
  if (first === undefined) throw new TypeError('no url is given')
  const addresses = [first, ...others]
  const world = config.world ?? globalWorld()
  let turn = Math.floor(world.random() * addresses.length)
  const core = new ClientCore({
    world,
    dial: (handlers) => new TcpConnection(addresses[turn++ % addresses.length] ?? first, handlers),
    limits: limitsOf(config, pendingMax),
    resumes: false,
    renews: false,
  })
  const anyone = publicCalls(core, core.watches)
  return {
    ...anyone,
    ...operatorCalls(world, core),
    get state() {
      return core.state
    },
    as: (user) => ({ ...anyone, ...userCalls(world, core, user) }),
    call: (method, params, options) =>
      core.start({ method, params, repeat: options?.repeat === true ? 'always' : 'never', ...requestOptions(options) }),
    on: (name, handler) => core.events.on(name, handler),
    close: () => core.close(),
  }
}

function addressOf(text: string, key: string | undefined): TcpAddress {
  const url = new URL(text)
  const secure = url.protocol === 'tls:'
  if ((url.protocol !== 'tcp:' && !secure) || url.port === '') {
    throw new TypeError(`the url is tcp://host:port or tls://host:port, not ${text}`)
  }
  return { host: url.hostname.replace(/^\[|\]$/g, ''), port: Number(url.port), secure, key }
}
