import { expect, test } from 'vitest'
import { loadCommand, type LoadOptions, loadOptionsOf } from './load-options.ts'

function optionsOf(...words: readonly string[]): LoadOptions {
  return loadOptionsOf(loadCommand().parse([...words], { from: 'user' }))
}

const rpc = { peer: 'sluice', transport: 'rpc', connections: 32, depth: 64 }
const ws = { peer: 'sluice', transport: 'ws', connections: 256, depth: 1 }
const http = { peer: 'sluice', transport: 'http', connections: 256, depth: 1 }

test('BEN-9 each transport has a load of its own, which can be changed', () => {
  expect(optionsOf().load).toEqual(rpc)
  expect(optionsOf('--transport', 'ws').load).toEqual(ws)
  expect(optionsOf('--transport', 'http', '--connections', '64').load).toEqual({ ...http, connections: 64 })
  expect(optionsOf('--rate', '1000').load).toEqual({ ...rpc, depth: 1_024 })
  expect(optionsOf('--transport', 'http', '--rate', '1000').load).toEqual(http)
})

test('BEN-9 a peer is called by what it has', () => {
  expect(optionsOf('--peer', 'cluster', '--transport', 'ws').load).toEqual({ ...ws, peer: 'cluster' })
  expect(optionsOf('--peer', 'redis').load).toEqual({ ...rpc, peer: 'redis' })
  expect(optionsOf('--peer', 'fastify', '--processes', '2').load).toEqual({ ...http, peer: 'fastify', processes: 2 })
  expect(optionsOf('--peer', 'nginx', '--connections', '64').load).toEqual({ ...http, peer: 'nginx', connections: 64 })
  expect(optionsOf('--peer', 'postgres-update').load).toEqual({ peer: 'postgres-update', transport: 'rpc', connections: 32, depth: 1 })
  expect(() => optionsOf('--peer', 'nginx', '--transport', 'ws')).toThrow('--peer nginx is called by http only')
})
