import Table from 'cli-table3'
import { Command } from 'commander'
import { createLog } from '../ops/log.ts'
import { realWorld } from '../ops/world.ts'
import { benchProgram, print } from './bench-program.ts'
import { type BusRound, measureWay, median } from './bus/bus-round.ts'
import { type BusWay, busWays } from './bus/bus-ways.ts'
import { NatsServer } from './servers/nats-server.ts'

/** Frames over each bus, against the local one and against the NATS package alone. The ways take turns, so that other work on the machine meets all. */
const frameSizes = [100, 4 * 1024, 64 * 1024]
const rounds = 5
const roundMs = 400

const command = new Command('bench:bus')
  .description('Sends frames over each bus, and says how many a second, against the local one and against the NATS package alone.')
  .exitOverride()

await benchProgram(command, () => {}, measureBuses)

async function measureBuses(): Promise<void> {
  const server = await NatsServer.start()
  try {
    const world = realWorld(createLog({ level: 'warn', pretty: true, colours: false }))
    const ways = await busWays(server.url, world)
    try {
      for (const bytes of frameSizes)
        print(`frames of ${bytes.toLocaleString('en-US')} bytes\n${tableOf(await measureWays(ways, bytes, server))}`)
    } finally {
      for (const way of ways) await way.close()
    }
  } finally {
    await server.stop()
  }
}

async function measureWays(ways: readonly BusWay[], bytes: number, server: NatsServer): Promise<ReadonlyMap<string, readonly BusRound[]>> {
  const figures = new Map<string, BusRound[]>(ways.map(({ name }) => [name, []]))
  for (let round = 0; round < rounds; round++) {
    for (const way of ways) figures.get(way.name)?.push(await measureWay(way, bytes, roundMs, () => server.cpuSeconds()))
  }
  return figures
}

function tableOf(figures: ReadonlyMap<string, readonly BusRound[]>): string {
  const right = { hAlign: 'right' } as const
  const table = new Table({ head: ['way', 'frames/s', 'us here', 'us in NATS', 'of local', 'of plain'], style: { head: [], border: [] } })
  const rows = [...figures].map(([name, all]) => ({ name, ...median(all) }))
  const [local, plain] = rows
  const share = (rate: number, of: number | undefined): string => (of === undefined ? '' : (rate / of).toPrecision(2))
  for (const { name, framesPerSecond, ownUs, serverUs } of rows) {
    table.push([
      name,
      { ...right, content: Math.round(framesPerSecond).toLocaleString('en-US') },
      { ...right, content: ownUs.toFixed(2) },
      { ...right, content: serverUs.toFixed(2) },
      { ...right, content: share(framesPerSecond, local?.framesPerSecond) },
      { ...right, content: share(framesPerSecond, plain?.framesPerSecond) },
    ])
  }
  return table.toString()
}
