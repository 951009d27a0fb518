/// An application on https://localhost, where browsers hold what they hold of a real site.
module Runa.Session.Browser.Tests.HttpsHost

open System
open Microsoft.AspNetCore.Server.Kestrel.Core
open Microsoft.Extensions.Time.Testing
open Runa.Session.TestSupport

/// The application, to be served over TLS on this port; 0: on a free one. Its clock begins now, as browsers drop cookies by theirs.
let onPort (port: int) (certificate: Certificate) (host: Host) : Host =
    { host with
        Server = Server.Https(certificate.Certificate, port)
        Protocols = HttpProtocols.Http1AndHttp2
        Clock = FakeTimeProvider DateTimeOffset.UtcNow }

/// Its address for browsers, by the name that the certificate is for.
let addressOf (app: App) : Uri = Uri $"https://localhost:{app.Address.Port}/"
