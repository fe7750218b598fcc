import { networkInterfaces } from 'node:os'
import type { World } from '../../cluster/world.ts'
import { connectRpc, type RpcClient } from '../../protocol/client/rpc-client.ts'
import type { RunningNode } from '../cli/start-command.ts'
import type { Config } from '../config.ts'
import { consoleUrl, placeOfKey } from '../console/console-address.ts'
import { type Node, startNode } from '../node.ts'
import { bracketed, reachable } from '../reachable-host.ts'
import { StartFault } from '../start-fault.ts'
import { CrowdProcess } from './crowd-process.ts'
import { readDemoCatalogue } from './demo-catalogue.ts'
import { demoRoutes, type OpenDemo } from './demo-routes.ts'
import { DemoShop } from './demo-shop.ts'
import { readDemoSale } from './numbered-sale.ts'
import { type ShopAddress, shopAddresses } from './shop-addresses.ts'

export interface RunningDemo extends RunningNode {
  readonly ports: Node['ports']
  readonly addresses: readonly ShopAddress[]
  /** The sale that is on, and when it opens; that may be long past. */
  readonly sale: string
  readonly opensAt: number
  /** Where operators get in, and by which key; undefined if there is no console. */
  readonly console: { readonly url: string; readonly key: string } | undefined
}

/**
 * A node with a shop in it: a sale that opens soon, and routes for the page. `crowdWords` are more options for the `sluice rush` behind the page's
 * crowd. Rejects with a `StartFault`, everything closed again.
 */
export async function startDemo(config: Config, world: World, crowdWords: readonly string[] = []): Promise<RunningDemo> {
  if (config.tlsCertFile !== '') throw new StartFault('a demo speaks no TLS; leave tlsCertFile out, or use sluice start')
  let open: OpenDemo | undefined
  const node = await startNode(config, world, { routes: (identities) => demoRoutes(world, identities, () => open) })
  if (node.clients === undefined) {
    await node.stop()
    throw new StartFault('a demo lets clients in: it needs the role all or gateway')
  }
  const { operatorKey } = node.clients
  const rpc = { host: reachable(config.rpcHost), port: node.ports.rpc }
  const operator = connectRpc({ url: `tcp://${bracketed(rpc.host)}:${rpc.port}`, key: operatorKey })
  const targets = {
    webHost: bracketed(reachable(config.host)),
    webPort: node.ports.web,
    rpc: `${bracketed(rpc.host)}:${rpc.port}`,
    operatorKey,
    dataFolder: config.dataFolder,
    words: crowdWords,
  }
  const crowd = new CrowdProcess(targets, world.log, world.timers)
  const stop = async (): Promise<void> => {
    await crowd.stop()
    operator.close()
    await node.stop()
  }
  try {
    const shop = await openShop(operator, world)
    open = { shop, crowd }
    const addresses = shopAddresses(config.host, node.ports.web, networkInterfaces())
    const info = await shop.info()
    const console = config.console === 'yes' ? { url: consoleUrl(config, node.ports.ops), key: placeOfKey(config) } : undefined
    return { ports: node.ports, addresses, sale: shop.sale, opensAt: info?.opensAt ?? 0, console, ended: node.ended, stop }
  } catch (error) {
    await stop()
    throw error
  }
}

async function openShop(operator: RpcClient, world: World): Promise<DemoShop> {
  const products = await readDemoCatalogue()
  await operator.call('catalogue.put', [products.map((product) => ({ ...product }))], { repeat: true })
  const shop = new DemoShop(operator, await readDemoSale(), world.clock)
  await shop.next()
  return shop
}
