/// After cookie_path or cookie_domain was changed a browser sends an old cookie beside the new one.
module Runa.Session.Tests.OtherPlacesTests

open System
open System.Net.Http
open System.Threading.Tasks
open Expecto
open Expecto.Flip
open Microsoft.AspNetCore.Builder
open Microsoft.AspNetCore.Http
open Runa.Session
open Runa.Session.TestSupport
open Runa.Session.Tests.Handlers

let private name = "shop"
let private big = SessionKey.create<string> "big"

let private site =
    choose
        [ route "/admin/in" >=> updateSession "web" (Session.signIn "alice") >=> text "in"
          route "/admin/out" >=> updateSession "web" Session.signOut >=> text "out"
          route "/admin/big" >=> updateSession "web" (Session.set big (String('x', 5_000))) >=> text "big"
          route "/admin/who"
          >=> readSession "web" (fun session -> text (defaultArg (Session.owner session) "nobody")) ]

let private app driver change =
    start
        { host site with
            Setup =
                SessionSetup.session "web" (fun o ->
                    change { o with Driver = driver; CookieName = name; Secure = CookieSecure.Never })
            Pipeline = fun app -> app.UsePathBase(PathString "/app") |> ignore }

let private ask (app: App) (path: string) (cookies: string list) =
    let request = new HttpRequestMessage(HttpMethod.Get, Uri(path, UriKind.Relative))
    request.Headers.Host <- "www.example.com"
    if not cookies.IsEmpty then
        request.Headers.TryAddWithoutValidation("Cookie", String.Join("; ", cookies)) |> ignore
    app.NewBrowser().SendRaw request

/// The cookie that an answer leaves, as it is sent.
let private pair (answer: Answer) = (List.last answer.SetCookies).Split(';')[0]

let private isExpiry (text: string) = attributes text |> List.contains "Max-Age=0"

/// Domain and path of each cookie that is taken back.
let private takenBack (answer: Answer) =
    [ for text in answer.SetCookies do
          if isExpiry text then
              let tryValue (key: string) =
                  attributes text
                  |> List.tryFind (fun a -> a.StartsWith(key + "=", StringComparison.Ordinal))
                  |> Option.map (fun a -> a.Substring(key.Length + 1))

              tryValue "Domain", tryValue "Path" |> Option.get ]

let private signIn app cookies =
    task {
        let! answer = ask app "/app/admin/in" cookies
        answer.Status |> Expect.equal "signed in" 200
        return pair answer
    }

let private who app cookies =
    task {
        let! answer = ask app "/app/admin/who" cookies
        return answer.Body
    }

[<Tests>]
let tests =
    testList
        "Cookies at other paths and domains"
        [ for driver in [ "memory"; "cookie" ] do
              testCaseTask
                  $"{driver}: a visitor with an old cookie, dead or alive, signs in, and is signed in afterwards"
                  (fun () ->
                      task {
                          use! app = app driver id
                          let! old = signIn app []
                          let! first = signIn app [ old ]
                          app.Clock.Advance(TimeSpan.FromSeconds 6.)
                          let! now = who app [ old; first ]
                          now |> Expect.equal "behind one that has moved" "alice"
                          app.Clock.Advance(TimeSpan.FromHours 2.)
                          let! now = who app [ old ]
                          now |> Expect.equal "its session is over" "nobody"
                          let! second = signIn app [ old ]
                          let! now = who app [ old; second ]
                          now |> Expect.equal "behind a dead one" "alice"
                      })

              testCaseTask $"{driver}: a sign-in, and a sign-out, take the old cookie back where it may be" (fun () ->
                  task {
                      use! app = app driver id
                      let! old = signIn app []
                      app.Clock.Advance(TimeSpan.FromHours 2.)
                      let! current = signIn app [ old ]

                      for path, ends in [ "/app/admin/in", false; "/app/admin/out", true ] do
                          let! answer = ask app path [ old; current ]
                          let places = takenBack answer
                          places |> Expect.contains "the path base" (None, "/app")
                          places |> Expect.contains "the folder" (None, "/app/admin")
                          places |> Expect.contains "the host's domain" (Some "www.example.com", "/")
                          places |> List.contains (None, "/") |> Expect.equal "its own place" ends
                          Expect.isLessThanOrEqual "a handful" (places.Length, OtherPlaces.most + 1)
                          // Of the session's own comes last.
                          isExpiry (List.last answer.SetCookies) |> Expect.equal "its own" ends
                  })

              testCaseTask
                  $"promise 21: {driver}: with one cookie, or one of somebody else's, nothing else is touched"
                  (fun () ->
                      task {
                          use! app = app driver id
                          let! old = signIn app []
                          app.Clock.Advance(TimeSpan.FromHours 2.)
                          let! current = signIn app [ old ]
                          let foreign = current.Substring(0, current.Length - 4) + "AAAA"

                          for cookies in [ []; [ old ]; [ old; foreign; current ]; [ $"{name}=theirs"; old; current ] ] do
                              for path in [ "/app/admin/in"; "/app/admin/out" ] do
                                  let! answer = ask app path cookies

                                  takenBack answer
                                  |> List.filter ((<>) (None, "/"))
                                  |> Expect.equal $"{cookies.Length} cookies, {path}" []
                      })

          testCaseTask "promise 8, 21: a read takes nothing back" (fun () ->
              task {
                  use! app = app "memory" id
                  let! old = signIn app []
                  app.Clock.Advance(TimeSpan.FromHours 2.)
                  let! current = signIn app [ old ]
                  let! answer = ask app "/app/admin/who" [ old; current ]
                  answer.SetCookies |> Expect.equal "none" []
              })

          testCaseTask "a cookie for a domain takes back one of the host alone" (fun () ->
              task {
                  use! app = app "memory" (fun o -> { o with CookieDomain = Some "example.com"; CookiePath = "/app" })
                  let! old = signIn app []
                  app.Clock.Advance(TimeSpan.FromHours 2.)
                  let! current = signIn app [ old ]
                  let! answer = ask app "/app/admin/out" [ old; current ]
                  takenBack answer |> Expect.contains "of the host alone" (None, "/app")
                  takenBack answer |> Expect.contains "at the root" (Some "example.com", "/")
              })

          testCaseTask "a cookie in pieces is taken back with its pieces, or it would spoil the next one" (fun () ->
              task {
                  use! app = app "cookie" id
                  let! filled = ask app "/app/admin/big" []
                  let pieces = filled.SetCookies |> List.map (fun text -> text.Split(';')[0])
                  let! small = ask app "/app/admin/in" []
                  let! answer = ask app "/app/admin/out" (pieces @ [ pair small ])

                  for text in answer.SetCookies do
                      isExpiry text |> Expect.isTrue "all are taken back"

                  answer.SetCookies
                  |> List.filter (fun text -> text.StartsWith $"{name}C1=" && text.Contains "Path=/app;")
                  |> List.length
                  |> Expect.equal "a piece, too" 1
              })

          testCase "a __Host- cookie has one place only"
          <| fun () ->
              let clock = clock ()
              let session = Requests.web clock (memory clock)
              let token = Requests.start session Requests.increment
              let cookie = session.Settings.CookieName

              OtherPlaces.find
                  (Homes.find session)
                  (Microsoft.Extensions.Primitives.StringValues $"{cookie}={token}; {cookie}={token}")
                  "www.example.com"
                  "/app"
                  "/a/b"
              |> List.isEmpty
              |> Expect.isTrue "nowhere else" ]
