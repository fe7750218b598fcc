import { LocalBus } from '../../cluster/local-bus.ts'
import { NatsBus, natsBusLimits } from '../../cluster/nats-bus.ts'
import { parseNatsServer } from '../../cluster/nats-options.ts'
import { dialNats } from '../../cluster/nats.ts'
import type { World } from '../../cluster/world.ts'
import { BenchFault } from '../bench-fault.ts'

/** One way for frames from a sender to a receiver, which have a connection each where there are connections. */
export interface BusWay {
  readonly name: string
  /** False when the way is full. */
  send(frame: Uint8Array): boolean
  /** Frames received so far. */
  received(): number
  close(): Promise<void>
}

/** All ways between which the bench compares; `url` names a running NATS server. */
export async function busWays(url: string, world: World): Promise<readonly BusWay[]> {
  return [
    localWay(world),
    await plainWay(url, world),
    await busWay('bus, answers', 'sluice.gw.bench', url, world, natsBusLimits.messageBytes),
    await busWay('bus, commands', 'sluice.inv.1', url, world, natsBusLimits.messageBytes),
    await busWay('bus, a message per frame', 'sluice.gw.bench2', url, world, 1),
  ]
}

function localWay(world: World): BusWay {
  const bus = new LocalBus(world.log)
  let received = 0
  bus.serve('s', () => void received++)
  return { name: 'local bus', send: (frame) => bus.send('s', frame) === 'sent', received: () => received, close: () => bus.close() }
}

/** The package with nothing of ours around it: no copy, no credit, no receipts. */
async function plainWay(url: string, world: World): Promise<BusWay> {
  const server = parseNatsServer(url)
  if (server === undefined) throw new BenchFault(`${url} names no NATS server`)
  const options = { name: 'bench', login: undefined, tls: undefined, messageBytesMax: 0, timers: world.timers }
  const events = { lost: () => {}, leave: () => {}, failed: (what: string, error: unknown) => world.log.error({ error }, what) }
  const [sender, receiver] = [await dialNats(server, options, events), await dialNats(server, options, events)]
  let received = 0
  receiver.subscribe('plain', () => void received++)
  await new Promise<void>((resolve) => {
    receiver.ping(resolve)
  })
  return {
    name: 'NATS, plain publish',
    send: (frame) => {
      sender.publish('plain', frame)
      return true
    },
    received: () => received,
    close: async () => {
      sender.close()
      receiver.close()
    },
  }
}

async function busWay(name: string, subject: string, url: string, world: World, messageBytes: number): Promise<BusWay> {
  const connect = (): Promise<NatsBus> => NatsBus.connect({ servers: [url], name: 'bench', world }, { ...natsBusLimits, messageBytes })
  const [sender, receiver] = [await connect(), await connect()]
  let received = 0
  receiver.serve(subject, () => void received++)
  await receiver.flushed(5_000)
  return {
    name,
    send: (frame) => sender.send(subject, frame) === 'sent',
    received: () => received,
    close: async () => {
      await sender.close()
      await receiver.close()
    },
  }
}
