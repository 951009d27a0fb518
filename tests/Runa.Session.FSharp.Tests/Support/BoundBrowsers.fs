/// Browsers that know Device Bound Session Credentials, as far as servers can tell.
module internal Runa.Session.Tests.BoundBrowsers

open System
open System.Net.Http
open System.Text.RegularExpressions
open System.Threading.Tasks
open Runa.Session.TestSupport
open Runa.Session.Tests.Devices

/// What the browser itself sends with a request for an endpoint.
type Posted = { Path: string; Id: string option; Proof: string option; Fetch: (string * string) list }

let private ownFetch =
    [ "Sec-Fetch-Mode", "no-cors"; "Sec-Fetch-Dest", "empty"; "Sec-Fetch-Site", "same-origin" ]

let private add (request: HttpRequestMessage) (name: string, value: string) =
    request.Headers.TryAddWithoutValidation(name, value) |> ignore

let private quoted (name: string) (header: string) : string =
    let found = Regex.Match(header, $"{name}=\"([^\"]*)\"")

    if not found.Success then
        failwith $"there is no {name} in: {header}"

    found.Groups[1].Value

/// Where to register, and the challenge. None: the answer offers nothing.
let offerOf (answer: Answer) : (string * string) option =
    match answer.Header "Secure-Session-Registration" with
    | "" -> None
    | header -> Some(quoted "path" header, quoted "challenge" header)

/// The challenge and the id that an answer names for the next proof.
let challengeOf (answer: Answer) : string * string =
    let header = answer.Header "Secure-Session-Challenge"
    Regex.Match(header, "^\"([^\"]*)\"").Groups[1].Value, quoted "id" header

/// A browser with one device. It registers and refreshes when a test says so.
type BoundBrowser(browser: Browser, device: Device) =
    /// With a device of its own.
    new(browser) = BoundBrowser(browser, ecDevice ())

    member _.Browser = browser
    member _.Device = device

    member _.Send(verb: HttpMethod, path: string, headers: (string * string) list) : Task<Answer> =
        let request = new HttpRequestMessage(verb, Uri(path, UriKind.Relative))
        List.iter (add request) (("Sec-CH-UA", "\"Not:A-Brand\";v=\"8\", \"Chromium\";v=\"156\"") :: headers)
        browser.SendRaw request

    /// A navigation.
    member this.Get(path: string) : Task<Answer> = this.Send(HttpMethod.Get, path, [])

    /// A request of the browser itself, which says nothing of Chromium.
    member _.Post(posted: Posted) : Task<Answer> =
        let request = new HttpRequestMessage(HttpMethod.Post, Uri(posted.Path, UriKind.Relative))
        List.iter (add request) posted.Fetch

        for name, value in [ "Sec-Secure-Session-Id", posted.Id; "Secure-Session-Response", posted.Proof ] do
            value |> Option.iter (fun value -> add request (name, value))

        browser.SendRaw request

    member this.Register(path: string, proof: string) : Task<Answer> =
        this.Post { Path = path; Id = None; Proof = Some proof; Fetch = ownFetch }

    member this.Refresh(id: string, proof: string option) : Task<Answer> =
        this.Post { Path = "/_runa/device/web/refresh"; Id = Some id; Proof = proof; Fetch = ownFetch }

    /// Signs in at this path, and registers as the answer says. What the registration was answered.
    member this.SignIn(path: string) : Task<Answer> =
        task {
            let! answer = this.Get path

            match offerOf answer with
            | Some(path, challenge) -> return! this.Register("/" + path, registration device challenge)
            | None -> return failwith "nothing was offered"
        }

    /// Refreshes, by the challenge of an earlier answer.
    member this.RefreshBy(answer: Answer) : Task<Answer> =
        let challenge, id = challengeOf answer
        this.Refresh(id, Some(refresh device challenge))

let bound = "__Host-runa_session_bound"
