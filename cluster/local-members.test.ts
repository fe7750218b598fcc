import { LocalMembers } from './local-members.ts'
import { ManualWorld } from './manual-world.ts'
import { membersContract } from './members-contract.ts'

membersContract('One process', async () => {
  const world = new ManualWorld()
  const members = new LocalMembers(world.clock)
  return { connect: async () => members, pass: (ms) => world.pass(ms), close: async () => {} }
})
