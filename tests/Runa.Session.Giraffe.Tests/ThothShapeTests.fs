/// Promise 17: what no longer decodes after a deploy, when a decoder of Thoth.Json.Net has changed.
module Runa.Session.Tests.ThothShapeTests

open Giraffe
open Thoth.Json.Net
open Expecto
open Runa.Session
open Runa.Session.TestSupport
open Runa.Session.TestSupport.Scenarios.Visits
open Runa.Session.Tests.GiraffeHosting
open Runa.Session.Tests.ThothTests

type Profile = { Name: string; Town: string option }

let private encode (profile: Profile) =
    Encode.object [ "name", Encode.string profile.Name; "town", Encode.option Encode.string profile.Town ]

let private keyOf (decode: Decoder<Profile>) = SessionKey.withCodec (codec encode decode) "profile"

/// Before the deploy.
let private before =
    keyOf (Decode.object (fun get -> { Name = get.Required.Field "name" Decode.string; Town = None }))

/// After it: `town` may be there.
let private tolerant =
    keyOf (
        Decode.object (fun get ->
            { Name = get.Required.Field "name" Decode.string; Town = get.Optional.Field "town" Decode.string })
    )

/// After another: `town` must be there.
let private strict =
    keyOf (
        Decode.object (fun get ->
            { Name = get.Required.Field "name" Decode.string
              Town = Some(get.Required.Field "town" Decode.string) })
    )

/// A decoder that does not answer but throws.
let private throwing = keyOf (Decode.string |> Decode.andThen (fun _ -> failwith "a bug"))

let private broken: SessionKey<Profile> = keyOf (fun _ _ -> failwith "a bug that saw Quentin of Ulm")

let private name (key: SessionKey<Profile>) =
    readSession "web" (fun session ->
        match Session.tryGet key session with
        | Some profile -> text profile.Name
        | None -> text "nobody yet")

let private site: HttpHandler =
    choose
        [ route "/store"
          >=> updateSession "web" (Session.set before { Name = "Quentin"; Town = None })
          >=> text "stored"
          route "/before" >=> name before
          route "/tolerant" >=> name tolerant
          route "/strict" >=> name strict
          route "/throwing" >=> name throwing
          route "/broken" >=> name broken
          route "/count" >=> withSession "web" count
          route "/replace"
          >=> updateSession "web" (Session.set strict { Name = "bea"; Town = Some "Ulm" })
          >=> text "replaced"
          route "/why"
          >=> readSession "web" (fun session ->
              match Session.decode strict session with
              | Ok _ -> text "decoded"
              | Error error -> text $"{error.Key}: {error.Reason}") ]

let private onDriver (driver: string) : Host =
    { giraffe site with
        Setup = SessionSetup.session "web" (fun settings -> { settings with Driver = driver }) }

let private stored (driver: string) (visit: App -> Browser -> System.Threading.Tasks.Task<unit>) =
    visiting (onDriver driver) (fun app browser ->
        task {
            let! _ = browser.Get "/store"
            do! visit app browser
        })

[<Tests>]
let tests =
    testList
        "Thoth.Json.Net, after a change of shape"
        [ for driver in [ "memory"; "cookie" ] do
              testList
                  driver
                  [ testCaseTask "promise 17: a field that is optional now reads what was stored before" (fun () ->
                        stored driver (fun app browser ->
                            task {
                                let! answer = browser.Get "/tolerant"
                                expectBody "Quentin" "read" answer
                                Expect.isEmpty app.Logs.Warnings "nothing is wrong"
                            }))

                    testCaseTask
                        "promise 17: what the decoder refuses reads as missing, and the request goes on"
                        (fun () ->
                            stored driver (fun app browser ->
                                task {
                                    for path in [ "/strict"; "/throwing"; "/broken" ] do
                                        let! answer = browser.Get path
                                        expectBody "nobody yet" path answer

                                    Expect.equal
                                        app.Logs.Warnings
                                        (List.replicate
                                            3
                                            "The session \"web\" holds a value under \"profile\" that cannot be read as Profile. The value is kept, but treated as missing.")
                                        "the log says so"
                                }))

                    testCaseTask "promise 17: it is not dropped by a write of another key" (fun () ->
                        stored driver (fun _ browser ->
                            task {
                                let! _ = browser.Get "/strict"
                                let! counted = browser.Get "/count"
                                expectBody "1" "another key is written" counted
                                let! answer = browser.Get "/before"
                                expectBody "Quentin" "rolled back, the old decoder finds all of it" answer
                                let! _ = browser.Get "/replace"
                                let! answer = browser.Get "/strict"
                                expectBody "bea" "and a new value takes its place" answer
                            }))

                    testCaseTask
                        "promise 5, 17: Session.decode gives the decoder's reason, which is not logged"
                        (fun () ->
                            stored driver (fun app browser ->
                                task {
                                    let! answer = browser.Get "/why"
                                    Expect.stringStarts answer.Body "profile: Error at: `$" "the key, and where"
                                    Expect.stringContains answer.Body "town" "and what"
                                    let! _ = browser.Get "/broken"

                                    for line in app.Logs.Ours do
                                        Expect.isFalse
                                            ((line.Text + line.Fields).Contains "Quentin")
                                            "no value is logged"
                                })) ] ]
