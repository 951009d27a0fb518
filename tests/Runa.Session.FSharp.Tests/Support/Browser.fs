/// A client that does with cookies what the tests need to see.
module internal Runa.Session.Tests.Browsers

open System
open System.Collections.Generic
open System.Net.Http
open System.Net.Sockets
open System.Text
open System.Threading
open System.Threading.Tasks

type Answer =
    {
        Status: int
        Body: string
        /// Every Set-Cookie header, as it came.
        SetCookies: string list
        Headers: Map<string, string>
        Version: Version
    }

    member answer.Header(name: string) =
        answer.Headers |> Map.tryFind (name.ToLowerInvariant()) |> Option.defaultValue ""

let private read (response: HttpResponseMessage) : Task<Answer> =
    task {
        let! body = response.Content.ReadAsStringAsync()

        let headers =
            Seq.append response.Headers response.Content.Headers
            |> Seq.map (fun (KeyValue(name, values)) -> name.ToLowerInvariant(), String.Join(", ", values))
            |> Map

        let cookies =
            [ for KeyValue(name, values) in response.Headers do
                  if name = "Set-Cookie" then
                      yield! values ]

        return
            { Status = int response.StatusCode
              Body = body
              SetCookies = cookies
              Headers = headers
              Version = response.Version }
    }

/// The attributes of a Set-Cookie text after its name and value.
let attributes (setCookie: string) : string list =
    setCookie.Split ';' |> Array.map _.Trim() |> List.ofArray |> List.tail

/// A cookie jar that keeps Secure cookies over plain http too, whatever their path: what is tested is the server.
[<Sealed>]
type Browser(client: HttpMessageInvoker) =
    let jar = Dictionary<string, string>()

    let keep (setCookie: string) =
        let pair = setCookie.Split(';')[0]
        let at = pair.IndexOf '='
        let name = pair.Substring(0, at)

        if attributes setCookie |> List.contains "Max-Age=0" then
            jar.Remove name |> ignore
        else
            jar[name] <- pair.Substring(at + 1)

    member _.Cookies = Map [ for KeyValue(name, value) in jar -> name, value ]

    member _.SetCookie(name: string, value: string) = jar[name] <- value

    /// Another browser with the same cookies.
    member _.Copy() : Browser =
        let copy = Browser client

        for KeyValue(name, value) in jar do
            copy.SetCookie(name, value)

        copy

    member browser.SendRaw(request: HttpRequestMessage) : Task<Answer> =
        task {
            if jar.Count > 0 then
                let text = String.Join("; ", [ for KeyValue(name, value) in jar -> $"{name}={value}" ])
                request.Headers.TryAddWithoutValidation("Cookie", text) |> ignore

            use! response = client.SendAsync(request, CancellationToken.None)
            let! answer = read response
            List.iter keep answer.SetCookies
            return answer
        }

    member browser.Send(verb: HttpMethod, path: string) : Task<Answer> =
        browser.SendRaw(new HttpRequestMessage(verb, Uri(path, UriKind.Relative)))

    member browser.Get(path: string) : Task<Answer> = browser.Send(HttpMethod.Get, path)

/// Makes relative addresses absolute; handlers below HttpClient do not.
[<Sealed>]
type BaseAddress(address: Uri, inner: HttpMessageHandler) =
    inherit DelegatingHandler(inner)

    override _.SendAsync(request, token) =
        match request.RequestUri with
        | null -> request.RequestUri <- address
        | path when not path.IsAbsoluteUri -> request.RequestUri <- Uri(address, path)
        | _ -> ()

        base.SendAsync(request, token)

/// What a server answers to these very bytes, until it closes the connection.
let exchange (address: Uri) (request: byte[]) : Task<string> =
    task {
        use socket = new TcpClient()
        do! socket.ConnectAsync(address.Host, address.Port)
        use stream = socket.GetStream()
        do! stream.WriteAsync(ReadOnlyMemory request)
        use reader = new IO.StreamReader(stream, Encoding.Latin1)
        return! reader.ReadToEndAsync()
    }

/// A request whose Cookie lines are these bytes.
let rawRequest (path: string) (cookies: byte[] list) : byte[] =
    let ascii (text: string) = Encoding.ASCII.GetBytes text

    Array.concat
        [ ascii $"GET {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n"
          for cookie in cookies do
              ascii "Cookie: "
              cookie
              ascii "\r\n"
          ascii "\r\n" ]
