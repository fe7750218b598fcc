import { InnerCalls } from '../../gateway/inner-calls.ts'
import type { DeadOrderDesk } from '../dead-order-routes.ts'
import type { FollowSource } from '../follower-thread.ts'
import { JourneyThread } from '../journey-thread.ts'
import { readRedisTls } from '../redis-tls.ts'
import type { GatewayRole } from '../roles/gateway.ts'
import type { RoleParts } from '../roles/role-parts.ts'
import { durabilityText } from '../setting-kinds.ts'
import { versionOfSluice } from '../version.ts'
import { apiPath, ConsoleApi } from './console-api.ts'
import { assetsPath, consoleFiles, consolePath } from './console-files.ts'
import { LiveBoard } from './live-board.ts'

/**
 * The console on the ops port of a process that has a gateway, for there operators' methods are and the views of all SKUs. `dead` are the dead orders, where this process has the role
 * `orders` as well.
 */
export async function serveConsole(parts: RoleParts, { gateway, identities }: GatewayRole, dead: DeadOrderDesk | undefined): Promise<void> {
  const { config, world, node, ports, metrics, ops, closers, readiness } = parts
  const { views, connections, dispatcher } = gateway.core
  const board = new LiveBoard({
    clock: world.clock,
    views,
    metrics,
    facts: {
      node,
      role: config.role,
      isAlone: ports.isAlone,
      durability: durabilityText(config.durability),
      version: versionOfSluice(),
      startedAt: world.clock.now(),
    },
    whyNotReady: () => readiness.whyNot,
  })
  const journeys = new JourneyThread(await journalOf(parts), world)
  closers.add(() => journeys.close())
  const api = new ConsoleApi({
    world,
    identities,
    calls: new InnerCalls(connections, dispatcher),
    board,
    settingsOf: (sale) => [...views.all()].map(({ settings }) => settings).filter((settings) => settings.sale === sale),
    journeys,
    dead,
  })
  const files = consoleFiles()
  ops.addSection(consolePath, (request) => (request.path.startsWith(apiPath) ? api.answer(request) : files(request)))
  ops.addSection(assetsPath, files)
}

async function journalOf({ config }: RoleParts): Promise<FollowSource> {
  if (config.cluster === undefined) return { kind: 'folder', folder: config.dataFolder }
  const tls = await readRedisTls(config)
  return { kind: 'redis', url: config.cluster.redisUrl, ...(tls === undefined ? {} : { tls }) }
}
