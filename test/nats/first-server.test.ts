import { expect, test } from 'vitest'
import { NatsServer } from '../../bench/servers/nats-server.ts'
import { JetStreamQueue, jetStreamQueueLimits } from '../../cluster/jetstream-queue.ts'
import { orderContent } from '../../cluster/order-message-codec.ts'
import { order } from '../../cluster/queue-contract.ts'
import { freePorts } from '../free-ports.ts'
import { recordedWorld } from '../recorded-world.ts'

const waits = 'JetStream does not answer yet; waiting for it'

test('NAT-53 a server that has not found its peers is waited for, for JetStream decides nothing without most of them', async () => {
  const ports = await freePorts(3)
  const start = (index: number): Promise<NatsServer> => {
    const routes = ports.map((port) => `"nats://127.0.0.1:${port}"`).join(', ')
    const cluster = `{ name: "shop", listen: "127.0.0.1:${ports[index]}", routes: [${routes}] }`
    return NatsServer.start({ jetStream: true, settings: { server_name: `nats-${index}`, cluster } })
  }
  const world = recordedWorld()
  const servers = [await start(0)]
  try {
    const options = { servers: servers.map(({ url }) => url), name: 'test', world }
    const connecting = JetStreamQueue.connect(options, orderContent, { ...jetStreamQueueLimits, requestMs: 500 })
    await expect.poll(() => world.texts('warn'), { timeout: 20_000 }).toContain(waits)
    servers.push(await start(1))
    const queue = await connecting
    await queue.put('first', order(1))
    await queue.close()
    expect(world.texts('warn').filter((text) => text === waits)).toHaveLength(1)
  } finally {
    await Promise.all(servers.map((server) => server.stop()))
  }
})
