import { NatsBus } from '../../cluster/nats-bus.ts'
import { createLog } from '../../ops/log.ts'
import { realWorld } from '../../ops/world.ts'
import { shardSubject } from '../../protocol/subject.ts'
import { serveAnswers } from './answering-shard.ts'
import { paceSchema } from './changed-node.ts'
import { linkShard } from './link-target.ts'
import { slowedBus } from './slowed-bus.ts'

/** The other end of NATS: a process where an actor node would be, which answers buys at once. Its arguments are the server's URL and, if it is slowed, how far. */
const [natsUrl = '', slowBus] = process.argv.slice(2)
const world = realWorld(createLog({ level: 'warn', pretty: false, colours: false }))
const nats = await NatsBus.connect({ servers: [natsUrl], name: 'bench answers', world })
serveAnswers(
  slowBus === undefined ? nats : slowedBus(nats, paceSchema.parse(JSON.parse(slowBus)), world.timers),
  shardSubject('inv', linkShard),
)
await nats.flushed(5_000)
process.once('SIGTERM', () => void nats.close())
process.stdout.write('ready\n')
