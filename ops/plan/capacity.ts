import { readFileSync } from 'node:fs'
import { z } from 'zod'

const perCore = z.number().positive()
const bytes = z.number().nonnegative()

/** What was measured of one process of each kind (scripts/make-capacity.mjs makes the file of it, from bench/results/). */
const capacitySchema = z.object({
  /** The machine of the figures, for whoever reads them. */
  machine: z.string(),
  /** Calls of `buy` a second for each core that the process was given. */
  callsPerCore: z.object({
    gateway: z.object({ ws: perCore, http: perCore, rpc: perCore }),
    actors: perCore,
    nats: perCore,
    redis: perCore,
  }),
  /** Calls of one SKU, which has one owner: as many as the whole cluster took. */
  hotSkuPerSecond: perCore,
  socketsPerGateway: z.int().positive(),
  /** What it takes to show one person their place as it changes. */
  coresPerSocket: z.number().positive(),
  bytesPerSocket: bytes,
  /** Of someone who holds or waits: in the owner's process, in a gateway's view, in a snapshot. */
  bytesPerTicket: z.object({ owner: bytes, view: bytes, snapshot: bytes }),
  /** Of a user's session in the store. */
  bytesPerUser: bytes,
  /** Over NATS a call and its answer travel once, and what is told everybody to each gateway. */
  bytesPerCall: z.object({
    client: z.object({ ws: bytes, http: bytes }),
    bus: z.object({ call: bytes, toEachGateway: bytes }),
    storeNetwork: bytes,
    storeMemory: bytes,
  }),
})

export type Capacity = z.output<typeof capacitySchema>

/** The measured figures that come with the program. */
export function measuredCapacity(): Capacity {
  return capacityOf(readFileSync(new URL('./capacity.json', import.meta.url), 'utf8'))
}

/** Throws if the text is none of {@link capacitySchema}. */
export function capacityOf(text: string): Capacity {
  return capacitySchema.parse(JSON.parse(text))
}
