namespace Runa.Session.TestSupport

open System
open System.Collections.Generic
open System.Net.Http
open System.Threading
open System.Threading.Tasks

/// Keeps cookies by name, Secure ones over plain http too, whatever their path: what is tested is the server.
[<Sealed>]
type Browser private (client: HttpMessageInvoker, jar: Dictionary<string, string>) =
    let held () = Map [ for KeyValue(name, value) in jar -> name, value ]

    let keep (setCookie: string) =
        match CookieJar.change setCookie with
        | name, Some value -> jar[name] <- value
        | name, None -> jar.Remove name |> ignore

    new(client) = Browser(client, Dictionary())

    /// What it holds now.
    member _.Cookies: Map<string, string> = held ()

    /// What it holds, to be changed.
    member _.Jar = jar

    member _.SetCookie(name: string, value: string) = jar[name] <- value

    /// Another browser with the same cookies.
    member browser.Copy() : Browser = browser.At client

    /// The same one at another server: with the cookies that it has now.
    member _.At(other: HttpMessageInvoker) : Browser = Browser(other, Dictionary jar)

    member _.SendRaw(request: HttpRequestMessage) : Task<Answer> =
        task {
            match CookieJar.header (held ()) with
            | Some text -> request.Headers.TryAddWithoutValidation("Cookie", text) |> ignore
            | None -> ()

            use! response = client.SendAsync(request, CancellationToken.None)
            let! answer = Answer.read response
            List.iter keep answer.SetCookies
            return answer
        }

    member browser.Send(verb: HttpMethod, path: string) : Task<Answer> =
        browser.SendRaw(new HttpRequestMessage(verb, Uri(path, UriKind.Relative)))

    member browser.Get(path: string) : Task<Answer> = browser.Send(HttpMethod.Get, path)

    /// Sends a form.
    member browser.Post(path: string, fields: (string * string) seq) : Task<Answer> =
        let content = new FormUrlEncodedContent([ for name, value in fields -> KeyValuePair(name, value) ])
        browser.SendRaw(new HttpRequestMessage(HttpMethod.Post, Uri(path, UriKind.Relative), Content = content))
