import { expect, test } from 'vitest'
import { ClientAddress, limitedAs, plainAddress } from './client-address.ts'

test('GW-30 without trusted proxies nobody can choose an address by a header', () => {
  const addresses = new ClientAddress([])
  expect(addresses.of('203.0.113.9', '10.1.1.1')).toBe('203.0.113.9')
  expect(addresses.of('127.0.0.1', '10.1.1.1')).toBe('127.0.0.1')
})

test('GW-30 behind a trusted proxy the address is the last one that no trusted proxy has added', () => {
  const addresses = new ClientAddress(['10.0.0.0/8', '2001:db8::/32', '192.0.2.7'])
  expect(addresses.of('10.0.0.1', '203.0.113.9')).toBe('203.0.113.9')
  expect(addresses.of('192.0.2.7', '198.51.100.1, 203.0.113.9 , 10.2.3.4')).toBe('203.0.113.9')
  expect(addresses.of('2001:db8::1', '203.0.113.9')).toBe('203.0.113.9')
  expect(addresses.of('2001:db8::1', '2001:db9:1:2:3::4')).toBe('2001:db9:1:2::/64')
  expect(addresses.of('192.0.2.8', '203.0.113.9')).toBe('192.0.2.8')
  expect(addresses.of('10.0.0.1', '')).toBe('10.0.0.1')
})

test('GW-30 a chain of trusted proxies only gives the first of them', () => {
  expect(new ClientAddress(['10.0.0.0/8']).of('10.0.0.1', '10.0.0.3, 10.0.0.2')).toBe('10.0.0.3')
})

test.each(['nonsense', '999.1.1.1', ',,', "'; drop table", '[10.0.0.9', '1.2.3.4:port'])(
  'GW-30 what is no address, %j, counts for whoever handed it on',
  (header) => {
    const addresses = new ClientAddress(['10.0.0.0/8'])
    expect(addresses.of('10.0.0.1', header)).toBe('10.0.0.1')
    expect(addresses.of('10.0.0.1', `203.0.113.9, ${header}, 10.0.0.2`)).toBe('10.0.0.2')
    expect(addresses.of('10.0.0.1', `${header}, 203.0.113.9`)).toBe('203.0.113.9')
  },
)

test('GW-30 a proxy is known by its network in either family, also as an IPv4 address that is written as IPv6', () => {
  for (const networks of [
    ['10.0.0.0/8', '2001:db8::/48'],
    ['10.1.2.3', '2001:db8::5'],
  ]) {
    const addresses = new ClientAddress(networks)
    expect(['10.1.2.3', '::ffff:10.1.2.3', '2001:db8::5'].map((address) => addresses.isProxy(address))).toEqual([true, true, true])
    expect(['11.1.2.3', '::ffff:11.1.2.3', '2001:db9::5'].map((address) => addresses.isProxy(address))).toEqual([false, false, false])
  }
  const written = new ClientAddress(['::ffff:10.0.0.0/104'])
  expect(['10.1.2.3', '::ffff:10.1.2.3', '11.1.2.3'].map((address) => written.isProxy(address))).toEqual([true, true, false])
})

test('GW-30 a port behind an address makes no other address of it', () => {
  const addresses = new ClientAddress(['10.0.0.0/8'])
  expect(addresses.of('10.0.0.1', '203.0.113.9:50123, 10.0.0.2:443')).toBe('203.0.113.9')
  expect(addresses.of('10.0.0.1', '[2001:db8:1:2::7]:50123')).toBe('2001:db8:1:2::/64')
  expect(addresses.of('10.0.0.1', '[2001:db8:1:2::7]')).toBe('2001:db8:1:2::/64')
})

test('GW-31 only a trusted proxy may say who the user is; with none configured, only this machine', () => {
  const [open, behind] = [new ClientAddress([]), new ClientAddress(['10.0.0.0/8'])]
  expect(['127.0.0.1', '127.8.8.8', '::1'].map((address) => open.isTrusted(address))).toEqual([true, true, true])
  expect(['10.0.0.1', '128.0.0.1', ''].map((address) => open.isTrusted(address))).toEqual([false, false, false])
  expect(['10.0.0.1', '127.0.0.1', '::1', '203.0.113.9'].map((address) => behind.isTrusted(address))).toEqual([true, false, false, false])
})

test.each([
  ['127.0.0.1', '127.0.0.1'],
  ['0000:0000:0000:0000:0000:ffff:7f00:0001', '127.0.0.1'],
  ['0000:0000:0000:0000:0000:ffff:cb00:7109', '203.0.113.9'],
  ['0000:0000:0000:0000:0000:0000:0000:0001', '::1'],
  ['2001:0db8:0000:0000:0000:0000:0000:0001', '2001:0db8:0000:0000:0000:0000:0000:0001'],
])('GW-30 the peer %s is called %s', (written, name) => {
  expect(plainAddress(written)).toBe(name)
})

test.each([
  ['203.0.113.9', '203.0.113.9'],
  ['::ffff:203.0.113.9', '203.0.113.9'],
  ['2001:db8:1:2:3:4:5:6', '2001:db8:1:2::/64'],
  ['2001:0db8:0001:0002:ffff:ffff:ffff:ffff', '2001:db8:1:2::/64'],
  ['2001:db8::5', '2001:db8:0:0::/64'],
  ['fe80::1%eth0', 'fe80:0:0:0::/64'],
  ['::1', '0:0:0:0::/64'],
  ['2001:db8:1:2::', '2001:db8:1:2::/64'],
  ['', ''],
  ['nonsense', 'nonsense'],
])('GW-32 limits count %j as %j', (address, counted) => {
  expect(limitedAs(address)).toBe(counted)
})
