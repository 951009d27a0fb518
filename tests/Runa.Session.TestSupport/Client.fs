/// HTTP without a cookie container and without following redirects: what is tested is the server.
module Runa.Session.TestSupport.Client

open System
open System.Net.Http
open System.Net.Security

/// Makes relative addresses absolute; handlers below HttpClient do not.
[<Sealed>]
type private BaseAddress(address: Uri, inner: HttpMessageHandler) =
    inherit DelegatingHandler(inner)

    override _.SendAsync(request, token) =
        match request.RequestUri with
        | null -> request.RequestUri <- address
        | path when not path.IsAbsoluteUri -> request.RequestUri <- Uri(address, path)
        | _ -> ()

        base.SendAsync(request, token)

/// By this handler.
let behind (handler: HttpMessageHandler) (address: Uri) : HttpMessageInvoker =
    new HttpMessageInvoker(new BaseAddress(address, handler))

/// Over the network. The certificates of tests are their own, which no authority signed: all are trusted.
let over (address: Uri) : HttpMessageInvoker =
    let tls = SslClientAuthenticationOptions(RemoteCertificateValidationCallback = fun _ _ _ _ -> true)
    behind (new SocketsHttpHandler(UseCookies = false, AllowAutoRedirect = false, SslOptions = tls)) address
