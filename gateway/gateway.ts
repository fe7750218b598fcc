import type { MetricSink, MetricSource } from '../cluster/metrics.ts'
import { ClientAddress } from './client-address.ts'
import { GatewayCore, type GatewayCoreParts } from './gateway-core.ts'
import type { HttpRoute } from './http.ts'
import type { IdentityCheck } from './identity.ts'
import { RpcListener, type RpcListenerParts } from './rpc-listener.ts'
import type { StaticFile } from './static-files.ts'
import type { Uws } from './uws.ts'
import { WebServer, type WebServerParts } from './web-server.ts'

export interface GatewayParts extends GatewayCoreParts {
  readonly uws: Uws
  readonly identities: IdentityCheck
  readonly files: ReadonlyMap<string, StaticFile>
  readonly routes: ReadonlyMap<string, HttpRoute>
  readonly settings: GatewayCoreParts['settings'] &
    WebServerParts['settings'] &
    RpcListenerParts['settings'] & { readonly trustedProxies: readonly string[] }
}

/** Between two looks for whether everyone has gone. */
const drainLookMs = 50

/** The access layer of one process: the core, and the ports through which clients come to it. */
export class Gateway implements MetricSource {
  readonly core: GatewayCore
  private readonly parts: GatewayParts
  private readonly web: WebServer
  private readonly rpc: RpcListener

  constructor(parts: GatewayParts) {
    this.parts = parts
    const core = new GatewayCore(parts)
    this.core = core
    this.web = new WebServer({ ...parts, core, clientAddress: new ClientAddress(parts.settings.trustedProxies) })
    this.rpc = new RpcListener({ ...parts, core })
    core.onPublish((view, notification) => this.web.publish(view, notification))
    core.onPublish((view, notification) => this.rpc.publish(view, notification))
  }

  /** Reads the views, then opens the ports; resolves with their numbers, or with nothing if the signal ended the wait for shards that answer. */
  async start(signal?: AbortSignal): Promise<{ readonly webPort: number; readonly rpcPort: number } | undefined> {
    if (!(await this.core.start(signal))) return undefined
    const rpcPort = await this.rpc.listen()
    const webPort = await this.web.listen()
    return { webPort, rpcPort }
  }

  /**
   * Accepts nobody new and asks everyone to go elsewhere; resolves when nobody is left or the time is over, and sessions know of it. Calls that come in meanwhile are still
   * answered.
   */
  drain(withinMs: number): Promise<void> {
    this.web.drain(withinMs)
    this.rpc.drain(withinMs)
    const { clock, timers } = this.parts.world
    const until = clock.monotonic() + withinMs
    return new Promise((resolve) => {
      const look = (): void => {
        if (this.core.connections.size > 0 && clock.monotonic() < until) return
        timer.cancel()
        resolve(this.core.farewell())
      }
      const timer = timers.every(drainLookMs, look)
      look()
    })
  }

  collect(sink: MetricSink): void {
    this.core.collect(sink)
  }

  close(): void {
    this.core.close()
    this.rpc.close()
    this.web.close()
  }
}
