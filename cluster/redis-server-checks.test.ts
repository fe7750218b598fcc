import { expect, test } from 'vitest'
import { memoryWarning, type RedisDurability, replicasWarning, serverFacts, settingsFault, versionFault } from './redis-server-checks.ts'

const good = {
  'maxmemory-policy': 'noeviction',
  appendonly: 'yes',
  appendfsync: 'always',
  'no-appendfsync-on-rewrite': 'no',
  'min-replicas-to-write': '0',
}

const settings: readonly (readonly [string, RedisDurability, Readonly<Record<string, string>>, string | undefined])[] = [
  ['all as it should be', 'fsync', {}, undefined],
  ['more than is asked for', 'everysec', {}, undefined],
  ['synced every second', 'everysec', { appendfsync: 'everysec', 'no-appendfsync-on-rewrite': 'yes' }, undefined],
  ['synced every second', { replicas: 1 }, { appendfsync: 'everysec' }, undefined],
  ['synced every second', 'fsync', { appendfsync: 'everysec' }, 'appendfsync'],
  ['not synced during a rewrite', 'fsync', { 'no-appendfsync-on-rewrite': 'yes' }, 'no-appendfsync-on-rewrite'],
  ['synced when the system likes', 'everysec', { appendfsync: 'no' }, 'appendfsync'],
  ['synced when the system likes', { replicas: 2 }, { appendfsync: 'no' }, 'appendfsync'],
  ['nothing on disk', 'everysec', { appendonly: 'no' }, 'appendonly'],
  ['nothing on disk', { replicas: 1 }, { appendonly: 'no' }, 'appendonly'],
  ['evicting', 'everysec', { 'maxmemory-policy': 'allkeys-lru' }, 'maxmemory-policy'],
  ['evicting what expires', 'everysec', { 'maxmemory-policy': 'volatile-ttl' }, 'maxmemory-policy'],
]

test.each(settings)('RED-2 settings have to fit the durability: %s, for %j', (_, durability, changed, fault) => {
  const reason = settingsFault(new Map(Object.entries({ ...good, ...changed })), durability)
  expect(reason?.split(' ')[0]).toBe(fault)
})

test.each([
  ['7.0.15', true],
  ['7.2.4', true],
  ['8.0.0', true],
  ['10.1.0', true],
  ['6.2.14', false],
  ['', false],
])('RED-2 the version has to be new enough: %s', (version, isEnough) => {
  const facts = serverFacts(`redis_version:${version}\r\n`)
  expect(versionFault(facts) === undefined).toBe(isEnough)
})

test('RED-2 a Redis Cluster is no place for it', () => {
  expect(versionFault(serverFacts('redis_version:7.0.15\r\ncluster_enabled:1\r\n'))).toMatch(/^it is a Redis Cluster/)
})

test('RED-2 memory and replicas that may become too few are warned of', () => {
  const facts = (used: number, limit: number): ReturnType<typeof serverFacts> =>
    serverFacts(`used_memory:${used * 2 ** 20}\r\nmaxmemory:${limit * 2 ** 20}\r\ntotal_system_memory:${1000 * 2 ** 20}\r\n`)
  expect(memoryWarning(facts(70, 100))).toBeUndefined()
  expect(memoryWarning(facts(90, 100))).toBe('Redis uses 90 MB of its 100 MB of memory')
  expect(memoryWarning(facts(900, 0))).toBe('Redis uses 900 MB of its 1000 MB of memory')
  expect(memoryWarning(facts(10, 0))).toMatch(/^Redis has no maxmemory/)
  expect(replicasWarning(new Map([['min-replicas-to-write', '1']]), { replicas: 1 })).toBeUndefined()
  expect(replicasWarning(new Map([['min-replicas-to-write', '1']]), { replicas: 2 })).toMatch(/^min-replicas-to-write is 1: set it to 2/)
  expect(replicasWarning(new Map(), 'fsync')).toBeUndefined()
})
