import { LocalBucket } from './local-bucket.ts'
import { ManualWorld } from './manual-world.ts'
import { sharedBucketContract } from './shared-bucket-contract.ts'

sharedBucketContract('One process', async () => {
  const world = new ManualWorld()
  let bucket: LocalBucket | undefined
  return { connect: async (rate) => (bucket ??= new LocalBucket(rate, world.clock)), pass: (ms) => world.pass(ms), close: async () => {} }
})
