// A real, certified identity provider (the npm package oidc-provider) that signs everybody in as ada at once.
// node provider.mjs FOLDER-OF-NODE-MODULES PORT ACR
import { pathToFileURL } from 'node:url'

const [modules, port, acr] = process.argv.slice(2)
const { Provider } = await import(pathToFileURL(modules + '/oidc-provider/lib/index.js'))

const issuer = `http://127.0.0.1:${port}`
const provider = new Provider(issuer, {
  clients: [{
    client_id: 'paravent', application_type: 'native', token_endpoint_auth_method: 'none', redirect_uris: ['http://127.0.0.1/signed-in'],
    grant_types: ['authorization_code', 'refresh_token', 'urn:ietf:params:oauth:grant-type:device_code'],
  }],
  acrValues: ['one', 'two'],
  cookies: { keys: ['only for tests'] },
  features: { devInteractions: { enabled: false }, deviceFlow: { enabled: true }, revocation: { enabled: true } },
  findAccount: (_, id) => ({ accountId: id, claims: () => ({ sub: id }) }),
  interactions: { url: (_, interaction) => `/interaction/${interaction.uid}` },
  pkce: { required: () => true },
  ttl: { AccessToken: 3600, AuthorizationCode: 60, IdToken: 600, RefreshToken: 3600, Session: 3600, Interaction: 600, Grant: 3600, DeviceCode: 600 },
})

provider.use(async (ctx, next) => {
  if (!ctx.path.startsWith('/interaction/')) return next()
  const { prompt, params, session, grantId } = await provider.interactionDetails(ctx.req, ctx.res)
  let result = { login: { accountId: 'ada', acr: acr || undefined } }
  if (prompt.name === 'consent') {
    const grant = (grantId && await provider.Grant.find(grantId)) || new provider.Grant({ accountId: session.accountId, clientId: params.client_id })
    grant.addOIDCScope(params.scope)
    result = { consent: { grantId: await grant.save() } }
  }
  await provider.interactionFinished(ctx.req, ctx.res, result, { mergeWithLastSubmission: true })
  ctx.respond = false
})

provider.listen(Number(port), '127.0.0.1', () => console.log('listening'))
