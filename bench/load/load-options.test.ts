import { expect, test } from 'vitest'
import { loadCommand, type LoadOptions, loadOptionsOf } from './load-options.ts'

function optionsOf(...words: readonly string[]): LoadOptions {
  return loadOptionsOf(loadCommand().parse([...words], { from: 'user' }))
}

const rpc = { peer: 'sluice', transport: 'rpc', connections: 32, depth: 64 }
const ws = { peer: 'sluice', transport: 'ws', connections: 256, depth: 1 }
const http = { peer: 'sluice', transport: 'http', connections: 256, depth: 1 }
const fastify = { ...http, peer: 'fastify' }

test('BEN-9 each transport has a load of its own, which can be changed', () => {
  expect(optionsOf().loads).toEqual([rpc])
  expect(optionsOf('--transport', 'ws').loads).toEqual([ws])
  expect(optionsOf('--transport', 'http', '--connections', '64').loads).toEqual([{ ...http, connections: 64 }])
  expect(optionsOf('--rate', '1000').loads).toEqual([{ ...rpc, depth: 1_024 }])
  expect(optionsOf('--transport', 'http', '--rate', '1000').loads).toEqual([http])
  expect(optionsOf('--peer', 'fastify').loads).toEqual([fastify])
})

test('BEN-9 a node is compared with Redis under the same load, a cluster with Fastify by HTTP', () => {
  expect(optionsOf('--compare', '2', '--connections', '8').rival).toEqual({ ...rpc, peer: 'redis', connections: 8 })
  const all = optionsOf('--cluster', '--compare', '2', '--transport', 'all')
  expect(all.loads).toEqual([rpc, ws, http])
  expect(all.rival).toEqual(fastify)
  const soldOut = optionsOf('--cluster', '--sold-out', '--compare', '2', '--transport', 'ws')
  expect([soldOut.loads, soldOut.rival]).toEqual([[{ ...ws, isSoldOut: true }], { ...ws, isSoldOut: false }])
  expect(optionsOf('--cluster', '--compare', '2').rival).toEqual(fastify)
  expect(optionsOf('--cluster', '--compare', '2', '--transport', 'http', '--connections', '64').rival).toEqual({
    ...fastify,
    connections: 64,
  })
})
