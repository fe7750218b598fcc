import type { NetworkInterfaceInfo } from 'node:os'

export interface ShopAddress {
  readonly url: string
  /** Other devices get there too. */
  readonly shared: boolean
}

/** Where the shop can be opened when the web port listens on `host`; `interfaces` are the machine's (`os.networkInterfaces()`). */
export function shopAddresses(
  host: string,
  port: number,
  interfaces: Readonly<Record<string, readonly NetworkInterfaceInfo[] | undefined>>,
): readonly ShopAddress[] {
  const url = (name: string) => `http://${name.includes(':') ? `[${name}]` : name}:${port}/`
  if (host !== '0.0.0.0' && host !== '::') return [{ url: url(host), shared: !/^(127\.|::1$|localhost$)/.test(host) }]
  const others = Object.values(interfaces)
    .flatMap((list) => list ?? [])
    .filter(({ family, internal }) => family === 'IPv4' && !internal)
  return [{ url: url('localhost'), shared: false }, ...others.map(({ address }) => ({ url: url(address), shared: true }))]
}
