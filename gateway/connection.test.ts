import { expect, test } from 'vitest'
import { Connections } from './connection.ts'
import { FakeConnection } from './fake-connection.ts'

test('GW-42 a connection is found by its place and turn, until it is gone', () => {
  const connections = new Connections()
  const [first, second] = [new FakeConnection(), new FakeConnection()]
  connections.add(first)
  connections.add(second)
  expect([find(connections, first), find(connections, second)]).toEqual([first, second])
  connections.remove(first)
  expect([find(connections, first), find(connections, second)]).toEqual([undefined, second])
  expect(connections.size).toBe(1)
})

test('GW-42 an answer to an earlier user of a place finds nobody', () => {
  const connections = new Connections()
  const [earlier, later] = [new FakeConnection(), new FakeConnection()]
  connections.add(earlier)
  const { index, turn } = earlier
  connections.remove(earlier)
  connections.add(later)
  expect(later.index).toBe(index)
  expect(connections.find(index, turn)).toBeUndefined()
  expect(connections.find(index, later.turn)).toBe(later)
})

test('GW-42 removing a connection twice does not free its place twice', () => {
  const connections = new Connections()
  const gone = new FakeConnection()
  connections.add(gone)
  connections.remove(gone)
  connections.remove(gone)
  const [a, b] = [new FakeConnection(), new FakeConnection()]
  connections.add(a)
  connections.add(b)
  expect(a.index).not.toBe(b.index)
  expect(connections.size).toBe(2)
  connections.remove(gone)
  expect([...connections]).toEqual([a, b])
})

test('GW-42 places that nobody ever had hold nobody', () => {
  const connections = new Connections()
  expect(connections.find(0, 0)).toBeUndefined()
  expect(connections.find(-1, 0)).toBeUndefined()
  expect(connections.find(4_000_000_000, 1)).toBeUndefined()
})

function find(connections: Connections, one: FakeConnection): unknown {
  return connections.find(one.index, one.turn)
}
