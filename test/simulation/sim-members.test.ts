import { beforeEach, describe, expect, test } from 'vitest'
import { membersContract } from '../../cluster/members-contract.ts'
import type { Member, Members } from '../../cluster/members.ts'
import { SimMembers } from './sim-members.ts'
import type { SimProcess } from './sim-process.ts'
import { SmallWorld } from './small-world.ts'
import { calmService } from './weather.ts'

/** Members whose callers wait while time passes. */
function driven(world: SmallWorld, members: Members): Members {
  return {
    beat: (member, ttlMs) => world.settled(members.beat(member, ttlMs)),
    leave: (name) => world.settled(members.leave(name)),
  }
}

membersContract('The simulated members', async () => {
  const world = new SmallWorld()
  const sim = new SimMembers(world)
  let processes = 0
  return {
    connect: async () => driven(world, sim.connect(world.process(`p${processes++}`))),
    pass: (ms) => world.pass(ms),
    close: async () => {},
  }
})

describe('the simulated members', () => {
  const ttlMs = 1_000
  const ann: Member = { name: 'ann', state: 'up' }
  let world: SmallWorld
  let sim: SimMembers
  let process: SimProcess
  let members: Members

  beforeEach(() => {
    world = new SmallWorld()
    sim = new SimMembers(world)
    process = world.process('ann')
    members = driven(world, sim.connect(process))
  })

  test('SIM-N50 a beat may fail, or count and be answered with a failure', async () => {
    sim.weather = { ...calmService, failShare: 1 }
    await expect(members.beat(ann, ttlMs)).rejects.toMatchObject({ code: 'STORE_FAILED' })
    expect(sim.present()).toEqual([])
    sim.weather = { ...calmService, answerLostShare: 1, timeoutMs: 100 }
    await expect(members.beat(ann, ttlMs)).rejects.toMatchObject({ code: 'STORE_FAILED' })
    expect(sim.present()).toEqual([ann])
  })

  test('SIM-N50 a late beat counts from its arrival, also when its sender has left or died meanwhile', async () => {
    sim.weather = { ...calmService, slowShare: 1, slowMs: { fromMs: 500, toMs: 500 } }
    const late = sim.connect(process).beat(ann, ttlMs)
    late.catch(() => undefined)
    sim.weather = calmService
    await members.leave('ann')
    process.crash()
    expect(sim.present()).toEqual([])
    await world.pass(550)
    expect(sim.present()).toEqual([ann])
    await world.pass(ttlMs - 100)
    expect(sim.present()).toEqual([ann])
    await world.pass(100)
    expect(sim.present()).toEqual([])
  })
})
