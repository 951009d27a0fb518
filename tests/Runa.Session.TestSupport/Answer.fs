namespace Runa.Session.TestSupport

open System
open System.Net.Http
open System.Threading.Tasks

/// What a browser was answered.
type Answer =
    {
        Status: int
        Body: string
        /// Every Set-Cookie header, as it came.
        SetCookies: string list
        /// By name in lower case.
        Headers: Map<string, string>
        Version: Version
    }

    member answer.Header(name: string) =
        answer.Headers |> Map.tryFind (name.ToLowerInvariant()) |> Option.defaultValue ""

[<RequireQualifiedAccess>]
module Answer =

    let read (response: HttpResponseMessage) : Task<Answer> =
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
