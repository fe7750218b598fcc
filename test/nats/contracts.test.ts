import { afterAll, beforeAll } from 'vitest'
import { NatsServer, type NatsServerOptions } from '../../bench/servers/nats-server.ts'
import { TempFolder } from '../../bench/servers/temp-folder.ts'
import { busContract } from '../../cluster/bus-contract.ts'
import { JetStreamQueue, jetStreamQueueLimits } from '../../cluster/jetstream-queue.ts'
import { NatsBus } from '../../cluster/nats-bus.ts'
import type { NatsOptions } from '../../cluster/nats-options.ts'
import { orderContent } from '../../cluster/order-message-codec.ts'
import { contractLimits, queueContract } from '../../cluster/queue-contract.ts'
import { delay } from '../../cluster/world.ts'
import { makeCertificates } from '../certificates.ts'
import { recordedWorld } from '../recorded-world.ts'
import { settle } from './settle.ts'

const folder = new TempFolder('nats-test')
const { caFile, certFile, keyFile } = makeCertificates(folder.path)
afterAll(() => folder.remove())

const plain = server({})
const guarded = server({ token: 'a token', tls: { certFile, keyFile }, jetStream: true })
const key = { login: { kind: 'token', token: 'a token' }, tls: { caFile } } as const

busContract('The NATS bus', () => busBench(plain().url, {}))
busContract('The NATS bus with a token, TLS and JetStream beside it', () => busBench(guarded().url, key))

queueContract('The JetStream queue', () => queueBench(guarded().url))

/** A server for the tests of this file. */
function server(options: NatsServerOptions): () => NatsServer {
  let running: NatsServer | undefined
  beforeAll(async () => {
    running = await NatsServer.start(options)
  })
  afterAll(() => running?.stop())
  return () => {
    if (running === undefined) throw new Error('the server does not run')
    return running
  }
}

async function busBench(url: string, more: Partial<NatsOptions>): ReturnType<Parameters<typeof busContract>[1]> {
  const world = recordedWorld()
  const buses: NatsBus[] = []
  return {
    connect: async () => {
      const bus = await NatsBus.connect({ servers: [url], name: 'contract', world, ...more })
      buses.push(bus)
      return bus
    },
    settle: () => settle(buses),
    knowsAtOnce: false,
    errors: () => world.texts('error'),
    close: async () => void (await Promise.all(buses.map((bus) => bus.close()))),
  }
}

async function queueBench(url: string): ReturnType<Parameters<typeof queueContract>[1]> {
  const world = recordedWorld()
  // Streams of its own for each test, on a server for all.
  const prefix = `t${world.random.id(8)}`
  const limits = { ...jetStreamQueueLimits, ...contractLimits }
  const queue = await JetStreamQueue.connect({ servers: [url], name: 'contract', world, prefix, ...key }, orderContent, limits)
  return {
    queue,
    now: () => world.clock.monotonic(),
    pass: (ms) => delay(world.timers, ms),
    close: () => queue.close(),
  }
}
