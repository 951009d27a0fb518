module Runa.Session.Tests.SessionPrincipalTests

open System
open System.Security.Claims
open Expecto
open FsCheck
open FsCheck.FSharp
open Runa.Session
open Runa.Session.Tests.Schemes

let private made (change: SessionAuthenticationOptions -> unit) owner claims =
    let options = SessionAuthenticationOptions()
    change options
    SessionPrincipal.ofOwner "web" "issuer" options owner (Map claims)

let private nameOf (principal: ClaimsPrincipal) =
    match principal.Identity with
    | null -> null
    | identity -> identity.Name

let private owners =
    testList
        "whose it is"
        [ test "its NameIdentifier, else its sub, else its name" {
              for claims, expected in
                  [ [ identifier, "1"; "sub", "2"; ClaimTypes.Name, "3" ], Some "1"
                    [ ClaimTypes.Name, "3"; "sub", "2" ], Some "2"
                    [ ClaimTypes.Name, "3"; "email", "a@b.example" ], Some "3"
                    [ identifier, " "; "sub", "2" ], Some "2"
                    [ identifier, ""; identifier, "1" ], Some "1"
                    [ "name", "3" ], None
                    [], None ] do
                  Expect.equal (SessionPrincipal.tryOwner (principal claims)) expected $"%A{claims}"
          }

          test "the name is what its identity calls the name" {
              let identity = ClaimsIdentity([ Claim("nick", "ann") ], "a test", "nick", null)
              Expect.equal (SessionPrincipal.tryOwner (ClaimsPrincipal identity)) (Some "ann") "its own type"
              Expect.equal (SessionPrincipal.tryOwner (ClaimsPrincipal())) None "no identity at all"
          }

          test "where nothing says it, the error names what is looked for" {
              Expect.throwsC
                  (fun () -> SessionPrincipal.owner "web" (principal [ "email", "a@b.example" ]) |> ignore)
                  (fun e ->
                      Expect.isTrue (e :? ArgumentException) "which error"

                      for part in [ "\"web\""; identifier; "\"sub\""; "a name" ] do
                          Expect.stringContains e.Message part "named"

                      Expect.isFalse (e.Message.Contains "b.example") "promise 5: no claim's value")
          } ]

let private kept =
    testList
        "what is kept"
        [ test "types and values, each once and in their order; not the owner's own claim" {
              let user =
                  principal [ "role", "b"; identifier, "ann"; "role", "a"; "role", "b"; ClaimTypes.Name, "ann" ]

              let expected = Map [ "role", [ "b"; "a" ]; ClaimTypes.Name, [ "ann" ] ]
              Expect.equal (SessionPrincipal.claims "ann" user) expected "claims"
          }

          test "a NameIdentifier beside the owner's is kept among the claims" {
              let user = principal [ identifier, "ann"; identifier, "ann@other"; "sub", "ann" ]
              let expected = Map [ identifier, [ "ann"; "ann@other" ]; "sub", [ "ann" ] ]
              Expect.equal (SessionPrincipal.claims "ann" user) expected "all of them"
          }

          test "claims of all identities" {
              let user = principal [ identifier, "ann" ]
              user.AddIdentity(ClaimsIdentity([ Claim("role", "guest") ], "another"))
              Expect.equal (SessionPrincipal.claims "ann" user) (Map [ "role", [ "guest" ] ]) "the second's too"
          }

          test "promise 17: text that no store could give back is refused" {
              for claim in [ "role", string '\uD800'; string '\uDC00', "a" ] do
                  let claims = SessionPrincipal.claims "ann" (principal [ claim ])

                  Expect.throwsT<ArgumentException>
                      (fun () -> Session.signInWith "ann" claims (Session.empty "web") |> ignore)
                      $"%A{claim}"
          } ]

let private names =
    testList
        "the principal of an owner"
        [ test "is authenticated, has the owner as its NameIdentifier, and every claim" {
              let user = made ignore "7" [ "role", [ "a"; "b" ]; "email", [ "a@b.example" ] ]

              let all =
                  [ for claim in user.Claims -> claim.Type, claim.Value, claim.Issuer, claim.ValueType ] |> List.sort

              let text = ClaimValueTypes.String

              Expect.equal
                  all
                  (List.sort
                      [ identifier, "7", "issuer", text
                        "role", "a", "issuer", text
                        "role", "b", "issuer", text
                        "email", "a@b.example", "issuer", text ])
                  "all and no more"

              Expect.equal (user.Identity |> Option.ofObj |> Option.map _.AuthenticationType) (Some "web") "its scheme"
          }

          test "keeps a NameIdentifier among the claims" {
              let user = made ignore "7" [ identifier, [ "other" ] ]
              Expect.equal [ for claim in user.FindAll identifier -> claim.Value ] [ "other" ] "no second one"
          }

          test "is named by the first name claim there is, else by the owner" {
              let cases: ((string | null) * (string * string list) list * string) list =
                  [ null, [ ClaimTypes.Name, [ "Ann" ]; "name", [ "A" ] ], "Ann"
                    null, [ "name", [ "A" ] ], "A"
                    null, [ "email", [ "a@b.example" ] ], "7"
                    "email", [ "email", [ "a@b.example" ]; "name", [ "A" ] ], "a@b.example"
                    "nick", [ "name", [ "A" ] ], "7" ]

              for configured, claims, expected in cases do
                  let user = made (fun o -> o.NameClaimType <- configured) "7" claims
                  Expect.equal (nameOf user) expected $"%A{(configured, claims)}"
          }

          test "has the roles of the first role claim there is" {
              let cases: ((string | null) * string) list =
                  [ null, ClaimTypes.Role; null, "role"; null, "roles"; "groups", "groups" ]

              for configured, claimType in cases do
                  let user = made (fun o -> o.RoleClaimType <- configured) "7" [ claimType, [ "a"; "b" ] ]
                  Expect.isTrue (user.IsInRole "b") $"%A{(configured, claimType)}"
                  Expect.isFalse (user.IsInRole "c") "and no other"

              let user = made (fun o -> o.RoleClaimType <- "groups") "7" [ "role", [ "a" ] ]
              Expect.isFalse (user.IsInRole "a") "what is set is meant"
          }

          testProperty "promise 17: what signs in is what comes back"
          <| fun () ->
              let text = Gen.elements [ "a"; "B"; "é"; "😀"; " "; "\""; identifier; "sub"; "role" ]
              let pairs = Gen.listOf (Gen.zip text text) |> Gen.resize 8

              Prop.forAll (Arb.fromGen (Gen.zip (Gen.elements [ "7"; "ann"; "é" ]) pairs)) (fun (owner, pairs) ->
                  let user = principal ((identifier, owner) :: pairs)
                  let kept = SessionPrincipal.claims owner user
                  let again = made ignore owner (Map.toList kept)

                  let contents (user: ClaimsPrincipal) = Set [ for claim in user.Claims -> claim.Type, claim.Value ]

                  contents again = contents user
                  && SessionPrincipal.tryOwner again = Some owner
                  && SessionPrincipal.claims owner again = kept) ]

[<Tests>]
let tests = testList "SessionPrincipal" [ owners; kept; names ]
